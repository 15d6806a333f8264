"""Saved views: filters of a list that a person keeps under a name. Theirs alone, and no fact: they change nothing but a menu."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import (
    Column,
    ColumnElement,
    ForeignKeyConstraint,
    Identity,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    delete,
    func,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from db.metadata import metadata, tenant_id, timestamp
from kit.errors import Refusal, refuse, unless
from kit.text import clean

NAME_LENGTH_MAX = 40
QUERY_LENGTH_MAX = 1000
VIEWS_MAX = 20
"""Of one person and list: more would not be found again above it."""

saved_views = Table(
    "saved_views",
    metadata,
    tenant_id(),
    Column("id", Integer, Identity(), primary_key=True),
    Column("principal_id", Integer, nullable=False),
    Column("list", Text, nullable=False),  # which list it filters: stock, ledger …
    Column("name", Text, nullable=False),
    Column("query", Text, nullable=False),  # of the address
    timestamp("created_at"),
    ForeignKeyConstraint(["tenant_id", "principal_id"], ["principals.tenant_id", "principals.id"]),
    UniqueConstraint("tenant_id", "principal_id", "list", "name", name="uq_saved_views_tenant_id_principal_id_list_name"),
)


@dataclass(frozen=True, slots=True)
class SavedView:
    """One of them. `query` is what stands after the question mark of the list's address."""

    id: int
    list: str
    name: str
    query: str


def checked_name(name: str) -> str:
    """The name as it is kept. Raises a refusal that blames the field `name`."""
    try:
        cleaned = clean(name, NAME_LENGTH_MAX)
    except ValueError as problem:
        raise refuse("invalid_value", {"field": "name", "code": str(problem)}) from None
    unless(None if cleaned else Refusal("value_missing", ({"field": "name"},)))
    return cleaned


async def of_person(connection: AsyncConnection, tenant: int, principal_id: int, of_list: str | None = None) -> Sequence[SavedView]:
    """What a person keeps of a list, or of all, in the order they were saved."""
    table = saved_views
    query = select(table.c.id, table.c.list, table.c.name, table.c.query).where(_of(tenant, principal_id)).order_by(table.c.id)
    found = await connection.execute(query if of_list is None else query.where(table.c.list == of_list))
    return [SavedView(*row) for row in found]


async def one(connection: AsyncConnection, tenant: int, principal_id: int, number: int) -> SavedView:
    """One of a person's own. Refuses `not_found`."""
    found = next((view for view in await of_person(connection, tenant, principal_id) if view.id == number), None)
    if found is None:
        raise refuse("not_found")
    return found


async def save(connection: AsyncConnection, tenant: int, principal_id: int, of_list: str, name: str, query: str) -> None:
    """Keep these filters under a name; the same name again keeps the new ones. Refuses `too_many_views`."""
    table, name = saved_views, checked_name(name)
    unless(Refusal("text_too_long", ({"field": "name"},)) if len(query) > QUERY_LENGTH_MAX else None)
    others = _of(tenant, principal_id) & (table.c.list == of_list) & (table.c.name != name)
    kept = (await connection.execute(select(func.count()).select_from(table).where(others))).scalar_one()
    unless(Refusal("too_many_views", ({"field": "name", "max": VIEWS_MAX},)) if kept >= VIEWS_MAX else None)
    row = insert(table).values(tenant_id=tenant, principal_id=principal_id, list=of_list, name=name, query=query)
    names = [table.c.tenant_id, table.c.principal_id, table.c.list, table.c.name]
    await connection.execute(row.on_conflict_do_update(index_elements=names, set_={"query": query}))


async def rename(connection: AsyncConnection, tenant: int, principal_id: int, number: int, name: str) -> SavedView:
    """Call it something else. Refuses `not_found`, and `view_exists` for a name that another one of the list has."""
    table, name = saved_views, checked_name(name)
    view = await one(connection, tenant, principal_id, number)
    try:
        await connection.execute(update(table).where(_of(tenant, principal_id), table.c.id == number).values(name=name))
    except IntegrityError:
        raise refuse("view_exists", {"field": "name", "name": name}) from None
    return replace(view, name=name)


async def forget(connection: AsyncConnection, tenant: int, principal_id: int, number: int | None = None) -> SavedView | None:
    """Keep it no longer, or with no number none of a person's. What is gone already is gone; its last state is returned."""
    table = saved_views
    mine = _of(tenant, principal_id) if number is None else _of(tenant, principal_id) & (table.c.id == number)
    rows = (await connection.execute(delete(table).where(mine).returning(table.c.id, table.c.list, table.c.name, table.c.query))).all()
    return SavedView(*rows[0]) if rows else None


def _of(tenant: int, principal_id: int) -> ColumnElement[bool]:
    return (saved_views.c.tenant_id == tenant) & (saved_views.c.principal_id == principal_id)
