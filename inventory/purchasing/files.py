"""Papers of an order: offers, confirmations, photographs of delivery notes. Small ones, and only of kinds that nothing runs in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from events.unit_of_work import UnitOfWork
from inventory.context import Context
from inventory.purchasing import messages as m
from inventory.purchasing.service import locked, record
from inventory.purchasing.store import purchase_order_files
from kit.errors import refuse
from kit.ids import order_number
from kit.text import clean
from tenants.store import principals

SIZE_MAX = 2 * 2**20
"""Bytes of one file: a photograph by a phone, or a PDF of some pages. The table says the same."""
FILES_MAX = 20
"""Files of one order."""
NAME_LENGTH_MAX = 120
KINDS = {"application/pdf": b"%PDF-", "image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff"}
"""Media type -> how such a file begins."""
ENDINGS = {"application/pdf": (".pdf",), "image/png": (".png",), "image/jpeg": (".jpg", ".jpeg")}


@dataclass(frozen=True, slots=True)
class OrderFile:
    """A paper of an order as a list shows it. `size` in bytes."""

    id: int
    name: str
    kind: str
    size: int
    created_at: datetime
    created_by: str


class FileContent(NamedTuple):
    """A paper itself."""

    name: str
    kind: str
    content: bytes


def kind_of(content: bytes) -> str | None:
    """The media type by what the content says of itself, whatever its name is; None for any other kind."""
    return next((kind for kind, begins in KINDS.items() if content.startswith(begins)), None)


async def attach(ctx: Context, work: UnitOfWork, number: int, name: str, content: bytes) -> None:
    """Put a paper to an order, whatever its state."""
    ctx.permit("purchasing.write")
    order = await locked(work, number)
    kind, name = _checked(name, content)
    if len(await files_of(work.connection, work.tenant_id, number)) >= FILES_MAX:
        raise refuse("too_many_files", {"field": "file", "max": FILES_MAX})
    values = {"order_id": number, "warehouse_id": order.warehouse_id, "created_by": work.principal_id, "name": name, "kind": kind}
    await work.connection.execute(insert(purchase_order_files).values(tenant_id=work.tenant_id, content=content, **values))
    await record(ctx, work, m.ORDER_FILE_ADDED, number, order.warehouse_id, words={work.principal_id: {"file": name}}, kind=kind)


async def remove(ctx: Context, work: UnitOfWork, number: int, file: int) -> None:
    """Take a paper away for good."""
    ctx.permit("purchasing.write")
    order = await locked(work, number)
    taken = delete(purchase_order_files).where(_one(work.tenant_id, number, file)).returning(purchase_order_files.c.name)
    name = (await work.connection.execute(taken)).scalar_one_or_none()
    if name is None:
        raise _missing(number)
    await record(ctx, work, m.ORDER_FILE_REMOVED, number, order.warehouse_id, words={work.principal_id: {"file": name}})


async def files_of(connection: AsyncConnection, tenant_id: int, number: int) -> list[OrderFile]:
    """The papers of an order, oldest first."""
    table = purchase_order_files
    by = and_(principals.c.tenant_id == table.c.tenant_id, principals.c.id == table.c.created_by)
    size = func.octet_length(table.c.content)
    query = select(table.c.id, table.c.name, table.c.kind, size, table.c.created_at, func.coalesce(principals.c.label, ""))
    mine = (table.c.tenant_id == tenant_id, table.c.order_id == number)
    return [OrderFile(*row) for row in await connection.execute(query.outerjoin(principals, by).where(*mine).order_by(table.c.id))]


async def content_of(connection: AsyncConnection, tenant_id: int, number: int, file: int) -> FileContent:
    """One paper. Refuses one that is not there."""
    table = purchase_order_files
    row = (await connection.execute(select(table.c.name, table.c.kind, table.c.content).where(_one(tenant_id, number, file)))).one_or_none()
    if row is None:
        raise _missing(number)
    return FileContent(*row)


def _checked(name: str, content: bytes) -> tuple[str, str]:
    """The kind and a name that ends like its kind."""
    if not content:
        raise refuse("value_missing", {"field": "file"})
    if len(content) > SIZE_MAX:
        raise refuse("file_too_large", {"field": "file", "max": SIZE_MAX})
    kind = kind_of(content)
    if kind is None:
        raise refuse("file_kind", {"field": "file"})
    try:
        plain = clean(name.replace("\\", "/").rpartition("/")[2], NAME_LENGTH_MAX)
    except ValueError as problem:
        raise refuse("invalid_value", {"field": "file", "code": str(problem)}) from None
    return kind, plain if plain.lower().endswith(ENDINGS[kind]) else f"{plain}{ENDINGS[kind][0]}"


def _one(tenant_id: int, number: int, file: int) -> ColumnElement[bool]:
    table = purchase_order_files
    return and_(table.c.tenant_id == tenant_id, table.c.order_id == number, table.c.id == file)


def _missing(number: int) -> Exception:
    return refuse("file_not_found", {"field": "file", "order": order_number(number)})
