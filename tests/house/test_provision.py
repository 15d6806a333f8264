"""Roles and rights: nobody who serves people can get around row security, whatever DATABASE_URL is."""

import asyncio
import secrets
import tempfile
from collections.abc import Awaitable, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from app.embedded import Postgres
from app.provision import Urls, count_uncounted, given, migrate, provision, scram, url_with
from app.server import remove
from app.settings import CannotStart, Settings
from db.engine import make_engine, make_pool
from tests.conftest import Database


@pytest.fixture
def own_server() -> Iterator[str]:
    """A server on which nobody has made any role yet."""
    var = Path(tempfile.mkdtemp(prefix="onhand-provision-"))
    var.chmod(0o711)
    server = Postgres(var, shared_buffers_mb=32)
    yield server.start()
    server.stop()
    remove(var)


def ask(url: str, query: str, *values: object) -> Any:
    async def run() -> Any:
        connection = await asyncpg.connect(url)
        try:
            return await connection.fetchval(query, *values)
        finally:
            await connection.close()

    return asyncio.run(run())


def named() -> str:
    return f"made_{secrets.token_hex(4)}"


def test_roles_that_serve_are_bound_by_row_security_and_own_nothing(database: Database) -> None:
    for url in (database.owner, database.app, database.engine):
        assert ask(url, "SELECT NOT (rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb) FROM pg_roles WHERE rolname = current_user")
    for url in (database.app, database.engine):
        assert ask(url, "SELECT count(*) FROM pg_class WHERE relowner = current_user::regrole") == 0
        assert not ask(url, "SELECT has_schema_privilege('public', 'CREATE')")
    assert ask(database.app, "SELECT pg_has_role('onhand_app', 'USAGE') AND NOT pg_has_role('onhand_engine', 'USAGE')")
    assert ask(database.engine, "SELECT pg_has_role('onhand_engine', 'USAGE') AND NOT pg_has_role('onhand_app', 'USAGE')")


def test_provisioning_twice_changes_nothing(postgres: str, tmp_path: Path) -> None:
    name = named()
    first = asyncio.run(provision(postgres, name, tmp_path / "secrets.json"))
    assert asyncio.run(provision(postgres, name, tmp_path / "secrets.json")) == first
    assert ask(first.app, "SELECT current_database()") == name


def test_a_lost_password_file_is_made_good(postgres: str, tmp_path: Path) -> None:
    name = named()
    before = asyncio.run(provision(postgres, name, tmp_path / "secrets.json"))
    after = asyncio.run(provision(postgres, name, tmp_path / "other.json"))
    assert ask(after.engine, "SELECT 1") == 1
    with pytest.raises(asyncpg.InvalidPasswordError):
        ask(before.engine, "SELECT 1")


def test_roles_of_one_database_may_not_enter_another(postgres: str, database: Database, tmp_path: Path) -> None:
    other = asyncio.run(provision(postgres, named(), tmp_path / "secrets.json"))
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        ask(url_with(other.app, database=database.name), "SELECT 1")


def test_migrating_twice_is_harmless_and_leaves_tables_to_the_owner(postgres: str, tmp_path: Path) -> None:
    urls = asyncio.run(provision(postgres, named(), tmp_path / "secrets.json"))
    migrate(urls.owner)
    migrate(urls.owner)
    owners = "SELECT array_agg(DISTINCT tableowner::text) FROM pg_tables WHERE schemaname = 'public'"
    assert ask(urls.owner, owners) == [ask(urls.owner, "SELECT current_user::text")]


def test_the_password_itself_is_never_sent(postgres: str) -> None:
    role, word = f"probe_{secrets.token_hex(4)}", secrets.token_hex(8)
    ask(postgres, f"CREATE ROLE {role} LOGIN PASSWORD '{scram(word)}'")
    assert ask(url_with(postgres, role, word), "SELECT current_user::text") == role


class TestExternal:
    """DATABASE_URL points to a server that is not ours."""

    def plain(self, postgres: str, rights: str) -> tuple[str, str]:
        """A database and the address of its owner, a role with `rights` only."""
        role, database = f"dba_{secrets.token_hex(4)}", named()
        ask(postgres, f"CREATE ROLE {role} LOGIN PASSWORD '{scram('word')}' {rights}")
        ask(postgres, f"CREATE DATABASE {database} OWNER {role}")
        return database, url_with(postgres, role, "word", database)

    def settings(self, tmp_path: Path, **environ: str) -> Settings:
        return Settings.from_env({"ONHAND_VAR": str(tmp_path), **environ})

    def test_a_role_that_may_create_roles_is_enough(self, tmp_path: Path, own_server: str) -> None:
        _, url = self.plain(own_server, "CREATEROLE")
        urls = asyncio.run(given(self.settings(tmp_path, DATABASE_URL=url)))
        migrate(urls.owner)
        assert ask(urls.app, "SELECT count(*) FROM items") == 0
        assert asyncio.run(given(self.settings(tmp_path, DATABASE_URL=url))) == urls

    def test_says_what_to_set_when_roles_may_not_be_created(self, postgres: str, database: Database, tmp_path: Path) -> None:
        _, url = self.plain(postgres, "NOCREATEROLE")
        with pytest.raises(CannotStart, match="DATABASE_APP_URL and DATABASE_ENGINE_URL"):
            asyncio.run(given(self.settings(tmp_path, DATABASE_URL=url)))

    def test_takes_roles_that_an_administrator_made(self, postgres: str, database: Database, tmp_path: Path) -> None:
        name, url = self.plain(postgres, "NOCREATEROLE")
        made = {}
        for variable, group in (("DATABASE_APP_URL", "onhand_app"), ("DATABASE_ENGINE_URL", "onhand_engine")):
            role = f"{name}_{group}"
            ask(postgres, f"CREATE ROLE {role} LOGIN PASSWORD '{scram('word')}' IN ROLE {group}")
            made[variable] = url_with(url, role, "word")
        urls = asyncio.run(given(self.settings(tmp_path, DATABASE_URL=url, **made)))
        assert urls == Urls(url, made["DATABASE_APP_URL"], made["DATABASE_ENGINE_URL"])
        migrate(urls.owner)
        assert ask(urls.app, "SELECT count(*) FROM items") == 0

    def test_refuses_a_superuser_to_serve_people(self, postgres: str, database: Database, tmp_path: Path) -> None:
        environ = {"DATABASE_URL": database.admin, "DATABASE_APP_URL": database.admin, "DATABASE_ENGINE_URL": database.engine}
        with pytest.raises(CannotStart, match="DATABASE_APP_URL is a superuser"):
            asyncio.run(given(self.settings(tmp_path, **environ)))

    def test_refuses_a_role_outside_its_group(self, postgres: str, database: Database, tmp_path: Path) -> None:
        environ = {"DATABASE_URL": database.owner, "DATABASE_APP_URL": database.engine, "DATABASE_ENGINE_URL": database.engine}
        with pytest.raises(CannotStart, match="DATABASE_APP_URL must be a member of the role onhand_app"):
            asyncio.run(given(self.settings(tmp_path, **environ)))

    def test_says_when_nobody_answers_or_the_password_is_wrong(self, postgres: str, tmp_path: Path) -> None:
        with pytest.raises(CannotStart, match=r"No PostgreSQL answers at 127\.0\.0\.1:1 "):
            asyncio.run(given(self.settings(tmp_path, DATABASE_URL="postgresql://a:b@127.0.0.1:1/onhand")))
        with pytest.raises(CannotStart, match="refused the sign-in of nobody_here"):
            asyncio.run(given(self.settings(tmp_path, DATABASE_URL=url_with(postgres, "nobody_here", "x", "postgres"))))

    def test_wants_the_name_of_a_database(self, postgres: str, tmp_path: Path) -> None:
        with pytest.raises(CannotStart, match="must end with the name of a database"):
            asyncio.run(given(self.settings(tmp_path, DATABASE_URL=postgres.rpartition("/")[0])))


async def test_gathers_statistics_of_what_has_none_yet(fresh_database: Database) -> None:
    assert {"items", "stock_balances", "stock_ledger"} <= set(await count_uncounted(fresh_database.owner))
    assert await count_uncounted(fresh_database.owner) == []


async def test_tls_to_the_database_is_demanded_where_its_address_says_so(fresh_database: Database) -> None:
    """By pages, by the stock engine and by migrations alike. The server here has none, so nobody gets through."""
    app, engine, owner = fresh_database.app, fresh_database.engine, fresh_database.owner
    for mode, word in (("disable", "through"), ("require", "refused")):
        said = f"?sslmode={mode}"
        assert [await _through(work) for work in (_page(app + said), _pool(engine + said), _migrated(owner + said))] == [word] * 3


async def _through(work: Awaitable[None]) -> str:
    try:
        await work
    except ConnectionError as problem:
        return "refused" if "SSL" in str(problem) else str(problem)
    return "through"


async def _page(url: str) -> None:
    engine = make_engine(url, pool_size=1)
    try:
        async with engine.begin():
            pass
    finally:
        await engine.dispose()


async def _pool(url: str) -> None:
    await (await make_pool(url, 1)).close()


async def _migrated(url: str) -> None:
    await asyncio.to_thread(migrate, url)
