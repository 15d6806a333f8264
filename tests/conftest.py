"""Servers and databases for tests: one PostgreSQL and one Valkey per session, in a folder and on ports of their own.

`database` is shared and migrated once; `fresh_database` is an empty copy of the same for a test that wants to be alone.
"""

from __future__ import annotations

import asyncio
import secrets
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from app.embedded import Postgres, Redis
from app.provision import Urls, logins, migrate, provision, url_with
from app.server import remove
from db.engine import make_engine

TEMPLATE = "onhand_template"


def pytest_addoption(parser: pytest.Parser) -> None:
    """How long the simulation runs, and from which seed (`docs/simulation.md`)."""
    parser.addoption("--simulate", type=int, default=None, help="steps of the simulation, in all its lives")
    parser.addoption("--seed", type=int, default=None, help="seed of the simulation's first life; alone: of its only one")


@dataclass(frozen=True, slots=True)
class Database(Urls):
    """A migrated database: addresses for its owner, the app, the engine, and the superuser (which no product code gets)."""

    admin: str
    name: str


@pytest.fixture(scope="session")
def server_folder() -> Iterator[Path]:
    """A var folder of this session, reachable by the user the servers run as."""
    folder = Path(tempfile.mkdtemp(prefix="onhand-test-"))
    folder.chmod(0o711)
    yield folder
    remove(folder)


@pytest.fixture(scope="session")
def postgres(server_folder: Path) -> Iterator[str]:
    """Address of a superuser on a PostgreSQL that lives as long as the session."""
    server = Postgres(server_folder, shared_buffers_mb=128)
    yield server.start()
    # At once: what an orderly stop would write out is deleted anyway.
    server.stop(lambda: True)


@pytest.fixture(scope="session")
def redis_url(server_folder: Path) -> Iterator[str]:
    """Address of a Redis-compatible server that lives as long as the session."""
    server = Redis(server_folder)
    yield server.start()
    server.stop()


@pytest.fixture(scope="session")
def template(postgres: str, server_folder: Path) -> Database:
    """A migrated database that nobody connects to, so that it can be copied at any time."""
    urls = asyncio.run(provision(postgres, TEMPLATE, server_folder / "secrets.json"))
    migrate(urls.owner)
    return Database(urls.owner, urls.app, urls.engine, url_with(postgres, database=TEMPLATE), TEMPLATE)


@pytest.fixture(scope="session")
def database(postgres: str, template: Database) -> Database:
    """The migrated database that tests share; keep apart by using companies of your own."""
    return asyncio.run(_copy(postgres, template, "onhand"))


@pytest.fixture
async def engine(database: Database) -> AsyncIterator[AsyncEngine]:
    """The app role's engine."""
    engine = make_engine(database.app, pool_size=4)
    yield engine
    await engine.dispose()


@pytest.fixture(scope="session")
def ray_database(postgres: str, template: Database) -> Database:
    """The one of Ray's shards, which stay to the end: a shard takes over whatever is due in its database and not written down yet, and
    so would fence the engine of another test that was a little late."""
    return asyncio.run(_copy(postgres, template, "onhand_ray"))


@pytest.fixture
def fresh_database(postgres: str, template: Database) -> Iterator[Database]:
    """A migrated database of this test alone, dropped afterwards even when connections were left open."""
    copy = asyncio.run(_copy(postgres, template, f"onhand_{secrets.token_hex(6)}"))
    yield copy
    asyncio.run(_drop(postgres, copy.name))


@pytest.fixture(scope="module")
def own_database(postgres: str, template: Database) -> Iterator[Database]:
    """A migrated database of the tests of one file, for those to whom companies of their own are not enough."""
    copy = asyncio.run(_copy(postgres, template, f"onhand_{secrets.token_hex(6)}"))
    yield copy
    asyncio.run(_drop(postgres, copy.name))


@pytest.fixture
def new_database(postgres: str, template: Database) -> Iterator[Callable[[], Database]]:
    """Makes fresh databases on demand, for a test that needs several."""
    made: list[Database] = []

    def make() -> Database:
        made.append(asyncio.run(_copy(postgres, template, f"onhand_{secrets.token_hex(6)}")))
        return made[-1]

    yield make
    for each in made:
        asyncio.run(_drop(postgres, each.name))


async def _copy(admin: str, template: Database, name: str) -> Database:
    """A copy of the template. Rights on a database are not copied with it, so its three roles are let in again."""
    connection = await asyncpg.connect(admin)
    try:
        roles = logins(template.name)
        await connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template.name}" OWNER "{roles["owner"]}"')
        await connection.execute(f'REVOKE ALL ON DATABASE "{name}" FROM PUBLIC')
        await connection.execute(f'GRANT CONNECT ON DATABASE "{name}" TO "{roles["app"]}", "{roles["engine"]}"')
    finally:
        await connection.close()
    owner, app, engine, admin = [url_with(url, database=name) for url in (template.owner, template.app, template.engine, template.admin)]
    return Database(owner, app, engine, admin, name)


async def _drop(admin: str, name: str) -> None:
    connection = await asyncpg.connect(admin)
    try:
        await connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    finally:
        await connection.close()
