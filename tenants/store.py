"""Tables of tenants and people, and the rows read from them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKeyConstraint,
    Identity,
    Integer,
    LargeBinary,
    Row,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    func,
    or_,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from db.metadata import metadata, tenant_id, timestamp
from db.tenancy import alone_at, set_slug, set_tenant
from tenants.domain import Actor, Role, Tenant
from tenants.entry_store import second_factors
from tenants.settings import Choices, Settings


def of_principal() -> ForeignKeyConstraint:
    """Ties a row to whoever it is about."""
    return ForeignKeyConstraint(["tenant_id", "principal_id"], ["principals.tenant_id", "principals.id"])


tenants = Table(
    "tenants",
    metadata,
    Column("id", Integer, Identity(), primary_key=True),
    Column("slug", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("time_zone", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("plan", Text, nullable=False),
    Column("settings", JSONB, nullable=False, server_default="{}"),  # what differs from the defaults: tenants.settings
    Column("version", Integer, nullable=False, server_default="1"),
    timestamp("created_at"),
)

principals = Table(
    "principals",
    metadata,
    tenant_id(),
    Column("id", Integer, Identity(), primary_key=True),
    Column("kind", Text, nullable=False),  # person | key | device | machine | system
    Column("label", Text, nullable=False),  # shown wherever the ledger says who
    timestamp("created_at"),
    timestamp("erased_at", nullable=True),  # whose personal words are gone for good
    ForeignKeyConstraint(["tenant_id"], ["tenants.id"]),
)

users = Table(
    "users",
    metadata,
    tenant_id(),
    Column("principal_id", Integer, primary_key=True),
    Column("email", Text, nullable=False),  # lower case
    Column("password_hash", Text),
    Column("role", SmallInteger, nullable=False),
    Column("language", Text),
    Column("choices", JSONB, nullable=False, server_default="{}"),  # time zone and formats: tenants.settings
    timestamp("disabled_at", nullable=True),
    timestamp("created_at"),
    Column("version", Integer, nullable=False, server_default="1"),
    timestamp("seen_at", nullable=True),
    of_principal(),
    UniqueConstraint("tenant_id", "email"),
)

sessions = Table(
    "sessions",
    metadata,
    tenant_id(),
    Column("token_hash", LargeBinary, primary_key=True),
    Column("principal_id", Integer, nullable=False),
    timestamp("created_at"),
    timestamp("seen_at"),
    timestamp("expires_at"),
    Column("id", Integer, Identity(), nullable=False),  # for its person to end it by: nothing can be opened with it
    Column("device", Text, nullable=False, server_default=""),
    Column("address", Text, nullable=False, server_default=""),
    Column("via", Text, nullable=False, server_default="password"),  # password | sso
    of_principal(),
)

api_keys = Table(
    "api_keys",
    metadata,
    tenant_id(),
    Column("principal_id", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("prefix", Text, nullable=False),
    Column("key_hash", LargeBinary, nullable=False),
    Column("role", SmallInteger, nullable=False),
    timestamp("created_at"),
    timestamp("expires_at", nullable=True),
    timestamp("used_at", nullable=True),
    timestamp("revoked_at", nullable=True),
    Column("scopes", ARRAY(Text)),  # NULL: all of the role
    Column("made_by", Integer),  # NULL: not known
    Column("old_hash", LargeBinary),  # the secret before, until `old_until`
    timestamp("old_until", nullable=True),
    of_principal(),
    UniqueConstraint("tenant_id", "key_hash"),
    UniqueConstraint("tenant_id", "old_hash"),
)

warehouse_grants = Table(
    "warehouse_grants",
    metadata,
    tenant_id(),
    Column("principal_id", Integer, primary_key=True),
    Column("warehouse_id", Integer, primary_key=True),
    of_principal(),
    ForeignKeyConstraint(["tenant_id", "warehouse_id"], ["warehouses.tenant_id", "warehouses.id"]),
)
"""Who is limited to which warehouses. Whoever has no row here is not limited."""

live_tickets = Table(
    "live_tickets",
    metadata,
    tenant_id(),
    Column("ticket_hash", LargeBinary, primary_key=True),
    Column("principal_id", Integer, nullable=False),
    Column("role", SmallInteger, nullable=False),
    timestamp("expires_at"),
    Column("spent", Boolean, nullable=False, server_default="false"),
    Column("proof", LargeBinary, nullable=False),  # hash of the session or key that asked: the connection ends with it
    of_principal(),
)


@dataclass(frozen=True, slots=True)
class UserRow:
    """A person as stored; `actor` is who they are to the rest of the system."""

    actor: Actor
    email: str
    password_hash: str | None
    disabled_at: datetime | None
    seen_at: datetime | None = None
    version: int = 1


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A session and its person."""

    user: UserRow
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    via: str


@dataclass(frozen=True, slots=True)
class KeyRow:
    """An API key as stored."""

    actor: Actor
    name: str
    prefix: str
    key_hash: bytes
    created_at: datetime
    expires_at: datetime | None
    used_at: datetime | None
    revoked_at: datetime | None
    old_hash: bytes | None
    old_until: datetime | None
    made_by: str | None


async def enter(connection: AsyncConnection, slug: str) -> Tenant | None:
    """The tenant with this slug, and the transaction bound to it; None when there is none."""
    await set_slug(connection, slug)
    row = (await connection.execute(select(tenants).where(tenants.c.slug == slug))).one_or_none()
    if row is None:
        return None
    await set_tenant(connection, row.id)
    own = (row.id, row.slug, row.name, row.time_zone, row.language, row.currency, row.plan)
    return Tenant(*own, Settings.of(row.settings), row.version)


async def user_by_email(connection: AsyncConnection, tenant: int, email: str) -> UserRow | None:
    """The person with this e-mail (in its stored form)."""
    row = (await connection.execute(_users().where(users.c.tenant_id == tenant, users.c.email == email))).one_or_none()
    return _user(row) if row else None


async def user_by_id(connection: AsyncConnection, tenant: int, principal_id: int, *, lock: bool = False) -> UserRow | None:
    """The person with this principal id; `lock` keeps others from changing them until the transaction ends."""
    query = _users().where(users.c.tenant_id == tenant, users.c.principal_id == principal_id)
    row = (await connection.execute(query.with_for_update(of=users) if lock else query)).one_or_none()
    return _user(row) if row else None


async def session_by_hash(connection: AsyncConnection, tenant: int, token_hash: bytes) -> SessionRow | None:
    """The session with this hash and its person."""
    query = (
        _users()
        .add_columns(sessions.c.created_at.label("began_at"), sessions.c.seen_at.label("used_at"), sessions.c.expires_at, sessions.c.via)
        .join(sessions, (sessions.c.tenant_id == users.c.tenant_id) & (sessions.c.principal_id == users.c.principal_id))
        .where(sessions.c.tenant_id == tenant, sessions.c.token_hash == token_hash)
    )
    row = (await connection.execute(query)).one_or_none()
    return SessionRow(_user(row), row.began_at, row.used_at, row.expires_at, row.via) if row else None


async def key_by_hash(connection: AsyncConnection, tenant: int, key_hash: bytes) -> KeyRow | None:
    """The key with a secret of this hash: its own, or the one before that."""
    shown = or_(api_keys.c.key_hash == key_hash, api_keys.c.old_hash == key_hash)
    row = (await connection.execute(_keys().where(api_keys.c.tenant_id == tenant, shown))).one_or_none()
    return _key(row) if row else None


async def key_by_id(connection: AsyncConnection, tenant: int, principal_id: int, *, lock: bool = False) -> KeyRow | None:
    """The key with this principal id; `lock` keeps others from changing it until the transaction ends."""
    query = _keys().where(api_keys.c.tenant_id == tenant, api_keys.c.principal_id == principal_id)
    row = (await connection.execute(query.with_for_update(of=api_keys) if lock else query)).one_or_none()
    return _key(row) if row else None


async def keys_of(connection: AsyncConnection, tenant: int) -> list[KeyRow]:
    """All keys of the tenant, newest first."""
    rows = await connection.execute(_keys().where(api_keys.c.tenant_id == tenant).order_by(api_keys.c.principal_id.desc()))
    return [_key(row) for row in rows]


async def users_of(connection: AsyncConnection, tenant: int) -> list[UserRow]:
    """All people of the tenant by name."""
    rows = await connection.execute(_users().where(users.c.tenant_id == tenant).order_by(principals.c.label, users.c.email))
    return [_user(row) for row in rows]


async def users_counted(connection: AsyncConnection, tenant: int) -> int:
    """How many people may sign in; nobody else adds or lets in one before this transaction has ended."""
    await alone_at(connection, tenant, "users")
    query = select(func.count()).select_from(users).where(users.c.tenant_id == tenant, users.c.disabled_at.is_(None))
    return int((await connection.execute(query)).scalar_one())


async def keys_counted(connection: AsyncConnection, tenant: int) -> int:
    """How many keys are not revoked; nobody else adds one before this transaction has ended."""
    await alone_at(connection, tenant, "keys")
    query = select(func.count()).select_from(api_keys).where(api_keys.c.tenant_id == tenant, api_keys.c.revoked_at.is_(None))
    return int((await connection.execute(query)).scalar_one())


async def admins(connection: AsyncConnection, tenant: int) -> set[int]:
    """Principals of the enabled admins who are not limited to warehouses.

    They are locked until the transaction ends, so that two of them cannot step down at once.
    """
    unlimited = granted(users).is_(None)
    query = select(users.c.principal_id).where(
        users.c.tenant_id == tenant, users.c.role == Role.ADMIN, users.c.disabled_at.is_(None), unlimited
    )
    return set((await connection.execute(query.order_by(users.c.principal_id).with_for_update())).scalars())


async def admins_with_password(connection: AsyncConnection, tenant: int) -> int:
    """How many of the enabled admins who are not limited to warehouses could come in by password."""
    able = users.c.role == Role.ADMIN, users.c.disabled_at.is_(None), users.c.password_hash.is_not(None), granted(users).is_(None)
    return int((await connection.execute(select(func.count()).where(users.c.tenant_id == tenant, *able))).scalar_one())


async def grant_warehouses(connection: AsyncConnection, tenant: int, principal_id: int, warehouses: Iterable[int]) -> None:
    """Let the principal into these warehouses only; into all when there are none."""
    mine = (warehouse_grants.c.tenant_id == tenant) & (warehouse_grants.c.principal_id == principal_id)
    await connection.execute(warehouse_grants.delete().where(mine))
    rows = [{"tenant_id": tenant, "principal_id": principal_id, "warehouse_id": each} for each in warehouses]
    if rows:
        await connection.execute(warehouse_grants.insert(), rows)


async def granted_codes(connection: AsyncConnection, tenant: int, principal_id: int) -> list[str] | None:
    """The codes of the warehouses that the principal is limited to, None when it is not."""
    query = text(
        "SELECT w.code FROM warehouse_grants g JOIN warehouses w ON w.tenant_id = g.tenant_id AND w.id = g.warehouse_id "
        "WHERE g.tenant_id = :tenant AND g.principal_id = :principal ORDER BY w.code"
    )
    return list((await connection.execute(query, {"tenant": tenant, "principal": principal_id})).scalars()) or None


async def seen(connection: AsyncConnection, tenant: int, principal_id: int, now: datetime) -> None:
    """Note when the person was last here: sessions go, this stays."""
    mine = (users.c.tenant_id == tenant) & (users.c.principal_id == principal_id)
    await connection.execute(users.update().where(mine).values(seen_at=now))


async def add_principal(connection: AsyncConnection, tenant: int, kind: str, label: str) -> int:
    """A new hand for the ledger; its id."""
    made = await connection.execute(principals.insert().values(tenant_id=tenant, kind=kind, label=label).returning(principals.c.id))
    return int(made.scalar_one())


def granted(of: Table) -> Any:
    """The warehouses that a principal is limited to, NULL when it is not."""
    mine = (warehouse_grants.c.tenant_id == of.c.tenant_id) & (warehouse_grants.c.principal_id == of.c.principal_id)
    return select(func.array_agg(warehouse_grants.c.warehouse_id)).where(mine).scalar_subquery()


def _users() -> Any:
    theirs = (second_factors.c.tenant_id == users.c.tenant_id) & (second_factors.c.principal_id == users.c.principal_id)
    secured = select(second_factors.c.principal_id).where(theirs, second_factors.c.confirmed_at.is_not(None)).exists()
    return select(users, principals.c.label, granted(users).label("warehouses"), secured.label("secured")).join(
        principals, (principals.c.tenant_id == users.c.tenant_id) & (principals.c.id == users.c.principal_id)
    )


def _keys() -> Any:
    maker = principals.alias("maker")
    return (
        select(api_keys, principals.c.kind, maker.c.label.label("maker"), granted(api_keys).label("warehouses"))
        .join(principals, (principals.c.tenant_id == api_keys.c.tenant_id) & (principals.c.id == api_keys.c.principal_id))
        .outerjoin(maker, (maker.c.tenant_id == api_keys.c.tenant_id) & (maker.c.id == api_keys.c.made_by))
    )


def _user(row: Row[Any]) -> UserRow:
    of_person = (row.language, Choices.of(row.choices), _limited(row.warehouses))
    actor = Actor(row.principal_id, "person", row.label, Role(row.role), *of_person, second_factor=row.secured)
    return UserRow(actor, row.email, row.password_hash, row.disabled_at, row.seen_at, row.version)


def _key(row: Row[Any]) -> KeyRow:
    scopes = None if row.scopes is None else frozenset(row.scopes)
    actor = Actor(row.principal_id, row.kind, row.name, Role(row.role), warehouses=_limited(row.warehouses), scopes=scopes)
    dates = row.created_at, row.expires_at, row.used_at, row.revoked_at
    return KeyRow(actor, row.name, row.prefix, row.key_hash, *dates, row.old_hash, row.old_until, row.maker)


def _limited(warehouses: list[int] | None) -> frozenset[int] | None:
    return None if warehouses is None else frozenset(warehouses)
