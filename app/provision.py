"""Roles, the database and its schema: who owns the tables, who may use them, and the passwords of the latter two.

Three roles that log in, per database: `<db>_owner` owns and migrates, `<db>_app_login` serves people, `<db>_engine_login`
writes stock. None is a superuser, so forced row security binds them all, however mighty DATABASE_URL is.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit, urlunsplit

import asyncpg
from alembic import command
from alembic.config import Config

from app.server import write_private
from app.settings import CannotStart, Settings, make_folder

DATABASE = "onhand"
GROUPS = {"app": "onhand_app", "engine": "onhand_engine"}
"""What migrations grant to. Shared by all databases of a server, so they never log in themselves."""
_LOCK_KEY = 7_105_115
"""Not the watch's: with a database of your own both may stand in the same one, and the watch never lets go."""
_SCRAM_ROUNDS = 4096


@dataclass(frozen=True, slots=True, repr=False)
class Urls:
    """Where each role finds the database. Plain `postgresql://` addresses with passwords inside: never log one."""

    owner: str
    app: str
    engine: str


async def provision(admin_url: str, database: str, secrets_path: Path) -> Urls:
    """Make sure that database, roles and rights exist, and return the addresses. Raises CannotStart naming what to set instead."""
    urls = urls_of(admin_url, database, secrets_path)
    connection = await _connect(admin_url)
    try:
        await connection.execute("SELECT pg_advisory_lock($1)", _LOCK_KEY)
        await _make_roles(connection, database, urls)
        created = await _make_database(connection, database)
    except asyncpg.InsufficientPrivilegeError as problem:
        raise CannotStart(
            f"The role of DATABASE_URL may not create roles ({problem}). Let an administrator run it once, or set DATABASE_APP_URL and "
            "DATABASE_ENGINE_URL to roles that are members of onhand_app and onhand_engine."
        ) from problem
    finally:
        await connection.close()
    await _grant(url_with(admin_url, database=database), database, closed=created)
    return urls


def urls_of(admin_url: str, database: str, secrets_path: Path) -> Urls:
    """The addresses that `provision` will make true. Touches no server, so others may start with them meanwhile."""
    words = _passwords(secrets_path, _place(admin_url, database))
    return Urls(**{role: url_with(admin_url, login, words[role], database) for role, login in logins(database).items()})


def logins(database: str) -> dict[str, str]:
    """The name of each role that logs in to a database. Never that of a group, also for a database called onhand."""
    return {"owner": f"{database}_owner", "app": f"{database}_app_login", "engine": f"{database}_engine_login"}


async def given(settings: Settings) -> Urls:
    """The addresses of an external database: those set, or roles made with DATABASE_URL. Raises CannotStart."""
    assert settings.database_url is not None
    if settings.database_app_url and settings.database_engine_url:
        urls = Urls(settings.database_url, settings.database_app_url, settings.database_engine_url)
        await _check_member(urls.app, "DATABASE_APP_URL", GROUPS["app"])
        await _check_member(urls.engine, "DATABASE_ENGINE_URL", GROUPS["engine"])
        return urls
    make_folder(settings.var)
    return await provision(settings.database_url, database_name(settings.database_url), settings.var / "secrets.json")


def migrate(owner_url: str) -> None:
    """Bring the schema up to date. Runs an event loop of its own: call it from a thread, not from a coroutine."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent.parent / "migrations"))
    config.set_main_option("sqlalchemy.url", owner_url.replace("%", "%%"))
    command.upgrade(config, "head")


async def count_uncounted(owner_url: str) -> list[str]:
    """Gather statistics of tables that have none yet, and return their names.

    Without any, the planner takes 80 items for one and joins them row by row: a dashboard of a new company takes seconds. The
    server would see to it by itself only at its next round.
    """
    connection = await _connect(owner_url)
    try:
        rows = await connection.fetch(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND reltuples < 0 ORDER BY 1"
        )
        names = [row["relname"] for row in rows]
        if names:
            await connection.execute(f"ANALYZE {', '.join(map(_quoted, names))}")
        return names
    finally:
        await connection.close()


def database_name(url: str) -> str:
    """The database an address points to. Raises CannotStart when it names none."""
    name = unquote(urlsplit(url).path.lstrip("/"))
    if not name:
        raise CannotStart("DATABASE_URL must end with the name of a database, like postgresql://user:password@host:5432/onhand.")
    return name


def url_with(url: str, user: str | None = None, password: str | None = None, database: str | None = None) -> str:
    """The same address with another user and password, or another database."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    login = f"{quote(user)}:{quote(password or '')}@{host}" if user else parts.netloc
    path = f"/{quote(database, safe='')}" if database else parts.path
    return urlunsplit((parts.scheme, login, path, parts.query, ""))


def scram(password: str) -> str:
    """What PostgreSQL stores instead of the password; sent in its place, so that no server log ever holds the password."""
    salt = secrets.token_bytes(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, _SCRAM_ROUNDS)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    texts = [base64.b64encode(octets).decode() for octets in (salt, stored, server)]
    return f"SCRAM-SHA-256${_SCRAM_ROUNDS}:{texts[0]}${texts[1]}:{texts[2]}"


async def _connect(url: str) -> asyncpg.Connection[asyncpg.Record]:
    parts = urlsplit(url)
    where = f"{parts.hostname or 'the local socket'}:{parts.port or 5432}"
    try:
        return await asyncpg.connect(url, timeout=10)
    except (OSError, TimeoutError) as problem:
        raise CannotStart(f"No PostgreSQL answers at {where} ({problem or 'timeout'}).") from problem
    except asyncpg.PostgresError as problem:
        raise CannotStart(f"PostgreSQL at {where} refused the sign-in of {unquote(parts.username or '')}: {problem}.") from problem


async def _make_roles(connection: asyncpg.Connection[asyncpg.Record], database: str, urls: Urls) -> None:
    names = logins(database)
    rows = await connection.fetch("SELECT rolname, rolsuper OR rolbypassrls AS mighty FROM pg_roles")
    known = {row["rolname"]: row["mighty"] for row in rows}
    for name in (*GROUPS.values(), *names.values()):
        if known.get(name):
            raise CannotStart(f"The role {name} is a superuser or bypasses row security, so it could read every company.")
        if name not in known:
            await connection.execute(f"CREATE ROLE {_quoted(name)} {'NOLOGIN' if name in GROUPS.values() else 'LOGIN'}")
    for name, url in ((names["owner"], urls.owner), (names["app"], urls.app), (names["engine"], urls.engine)):
        if name not in known or not await _signs_in(url):
            await connection.execute(f"ALTER ROLE {_quoted(name)} PASSWORD '{scram(unquote(urlsplit(url).password or ''))}'")
    for role, group in GROUPS.items():
        if not await connection.fetchval("SELECT pg_has_role($1, $2, 'USAGE')", names[role], group):
            await connection.execute(f"GRANT {_quoted(group)} TO {_quoted(names[role])}")


async def _make_database(connection: asyncpg.Connection[asyncpg.Record], database: str) -> bool:
    """Create the database unless it is there; tells whether it did."""
    if await connection.fetchval("SELECT true FROM pg_database WHERE datname = $1", database):
        return False
    await connection.execute(f"CREATE DATABASE {_quoted(database)} OWNER {_quoted(logins(database)['owner'])}")
    return True


async def _grant(admin_url: str, database: str, *, closed: bool) -> None:
    """Let the three roles in; everybody else out of a database that we created, and only of such a one."""
    owner, users = logins(database)["owner"], ", ".join(map(_quoted, logins(database).values()))
    connection = await _connect(admin_url)
    try:
        if closed:
            await connection.execute(f"REVOKE ALL ON DATABASE {_quoted(database)} FROM PUBLIC")
        await connection.execute(f"GRANT CONNECT ON DATABASE {_quoted(database)} TO {users}")
        await connection.execute(f"GRANT CREATE ON DATABASE {_quoted(database)} TO {_quoted(owner)}")
        await connection.execute(f"GRANT USAGE, CREATE ON SCHEMA public TO {_quoted(owner)}")
        # PostgreSQL only warns when the granter has nothing to give.
        if not await connection.fetchval("SELECT has_schema_privilege($1, 'public', 'CREATE')", owner):
            raise CannotStart(f"The role of DATABASE_URL may not open the database {database} to {owner}; use the owner of that database.")
    finally:
        await connection.close()


async def _signs_in(url: str) -> bool:
    """Whether the password is right. Passwords are checked first, so any other complaint means yes."""
    try:
        await (await asyncpg.connect(url, timeout=10)).close()
    except asyncpg.InvalidAuthorizationSpecificationError:
        return False
    except asyncpg.PostgresError:
        return True
    return True


async def _check_member(url: str, variable: str, group: str) -> None:
    connection = await _connect(url)
    try:
        known = await connection.fetchval("SELECT true FROM pg_roles WHERE rolname = $1", group)
        if not known or not await connection.fetchval("SELECT pg_has_role($1, 'USAGE')", group):
            raise CannotStart(
                f"The role of {variable} must be a member of the role {group} (CREATE ROLE {group} NOLOGIN; GRANT {group} TO …)."
            )
        if await connection.fetchval("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user"):
            raise CannotStart(f"The role of {variable} is a superuser or bypasses row security, so it could read every company.")
    finally:
        await connection.close()


def _passwords(path: Path, place: str) -> dict[str, str]:
    """The passwords of the three roles at `place`, made the first time and kept in a file that only we may read."""
    kept = json.loads(path.read_text()) if path.exists() else {}
    if place not in kept:
        kept[place] = {role: secrets.token_hex(24) for role in ("owner", *GROUPS)}
        write_private(path, kept)
    return dict(kept[place])


def _place(url: str, database: str) -> str:
    return f"{urlsplit(url).netloc.rpartition('@')[2]}/{database}"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
