"""What screens and the API read of transfers."""

# ruff: noqa: S608 - statements are put together from words of this package; whatever a person typed is a parameter.
from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from inventory.catalog.directory import Names, directory_of
from inventory.ledger.messages import Transfer, TransferLine
from inventory.ledger.queries import as_of_seq
from inventory.transfers.render import keys_of_transfer
from kit.paging import LIMIT_DEFAULT, Page, paged, parse_cursor

Status = Literal["in_transit", "received", "written_off"]


@dataclass(frozen=True, slots=True)
class TransferFilter:
    """Which transfers a list shows, newest first. `sku` finds those with such a line, `warehouse` those from or to it."""

    status: Status | None = None
    reference: str | None = None
    sku: str | None = None
    warehouse: str | None = None
    limit: int = LIMIT_DEFAULT
    cursor: str | None = None


async def page(connection: AsyncConnection, tenant_id: int, asked: TransferFilter) -> Page[Transfer]:
    """A page of transfers. Raises ValueError `bad_cursor`."""
    params: dict[str, Any] = {"tenant_id": tenant_id, "limit": asked.limit + 1}
    where = " AND ".join([*_conditions(asked, params), _STATUS[asked.status]])
    query = f"SELECT DISTINCT t.seq FROM stock_transfers t WHERE {where} ORDER BY t.seq DESC LIMIT :limit"
    seqs = [int(seq) for (seq,) in await connection.execute(text(query), params)]
    shown = paged(seqs, asked.limit, await as_of_seq(connection, tenant_id), lambda seq: (seq,))
    found = {transfer.seq: transfer for transfer in await _transfers(connection, tenant_id, shown.items)}
    return Page([found[seq] for seq in shown.items], shown.next, shown.as_of_seq)


async def oldest(connection: AsyncConnection, tenant_id: int, warehouse: str | None = None, limit: int = 5) -> list[Transfer]:
    """Transfers under way from or to a warehouse, the one that is longest on its way first."""
    asked = TransferFilter(status="in_transit", warehouse=warehouse)
    params: dict[str, Any] = {"tenant_id": tenant_id, "limit": limit}
    where = " AND ".join([*_conditions(asked, params), "t.open > 0"])
    query = f"SELECT DISTINCT t.seq FROM stock_transfers t WHERE {where} ORDER BY t.seq LIMIT :limit"
    seqs = [int(seq) for (seq,) in await connection.execute(text(query), params)]
    return sorted(await _transfers(connection, tenant_id, seqs), key=lambda transfer: transfer.seq)


async def open_count(connection: AsyncConnection, tenant_id: int, warehouse: str | None = None) -> int:
    """How many transfers from or to a warehouse are under way."""
    params: dict[str, Any] = {"tenant_id": tenant_id}
    where = " AND ".join([*_conditions(TransferFilter(warehouse=warehouse), params), "t.open > 0"])
    query = f"SELECT count(DISTINCT t.seq) FROM stock_transfers t WHERE {where}"
    return int((await connection.execute(text(query), params)).scalar_one())


async def one(connection: AsyncConnection, tenant_id: int, seq: int) -> Transfer | None:
    """One transfer by its number."""
    found = await _transfers(connection, tenant_id, [seq])
    return found[0] if found else None


async def destination(connection: AsyncConnection, tenant_id: int, seq: int) -> str | None:
    """The code of the warehouse where a transfer goes."""
    query = text("""
        SELECT w.code FROM stock_transfers t JOIN warehouses w ON w.tenant_id = t.tenant_id AND w.id = t.warehouse_id
        WHERE t.tenant_id = :tenant_id AND t.part = 0 AND t.seq = :seq LIMIT 1""")
    return (await connection.execute(query, {"tenant_id": tenant_id, "seq": seq})).scalar_one_or_none()


async def name_transfers(engine: AsyncEngine, tenant_id: int, transfers: Iterable[Transfer]) -> Names:
    """The names that transfers are shown with."""
    return await directory_of(engine).look(tenant_id, {key for transfer in transfers for key in keys_of_transfer(transfer)})


def _conditions(asked: TransferFilter, params: dict[str, Any]) -> list[str]:
    conditions = ["t.tenant_id = :tenant_id", "t.part = 0"]
    for name, condition in _NARROWED.items():
        if (value := getattr(asked, name)) is not None:
            conditions.append(condition)
            params[name] = value
    if asked.cursor is not None:
        conditions.append("t.seq < :cursor")
        params["cursor"] = parse_cursor(asked.cursor, int)[0]
    return conditions


_NARROWED = {
    "reference": "t.reference = :reference",
    "sku": "t.item_id = (SELECT i.id FROM items i WHERE i.tenant_id = :tenant_id AND i.sku = :sku)",
    "warehouse": "(SELECT w.id FROM warehouses w WHERE w.tenant_id = :tenant_id AND w.code = :warehouse) IN (t.source_id, t.warehouse_id)",
}
_ANY = "EXISTS (SELECT 1 FROM stock_transfers o WHERE o.tenant_id = t.tenant_id AND o.part = t.part AND o.seq = t.seq AND {which})"
_ENDED = "NOT " + _ANY.format(which="o.open > 0")
_RECEIVED = _ANY.format(which="o.received > 0")
_STATUS: dict[Status | None, str] = {
    None: "TRUE",
    # The same words as the partial index, so that few under way are found among many that ended.
    "in_transit": "t.seq IN (SELECT o.seq FROM stock_transfers o WHERE o.tenant_id = :tenant_id AND o.part = 0 AND o.open > 0)",
    "received": f"{_ENDED} AND {_RECEIVED}",
    "written_off": f"{_ENDED} AND NOT {_RECEIVED}",
}
"""The same rule as `render.status_of`."""


async def _transfers(connection: AsyncConnection, tenant_id: int, seqs: Sequence[int]) -> list[Transfer]:
    query = text("""
        SELECT seq, reference, created_at_us, created_by, item_id, source_id, warehouse_id, lot_id, owner_id, condition,
          qty, open, received, written_off
        FROM stock_transfers WHERE tenant_id = :tenant_id AND part = 0 AND seq = ANY (CAST(:seqs AS bigint[])) ORDER BY seq, line""")
    heads: dict[int, tuple[str, int, int]] = {}
    lines: dict[int, list[TransferLine]] = {}
    for seq, reference, created, by, *line in await connection.execute(query, {"tenant_id": tenant_id, "seqs": list(seqs)}):
        heads[seq] = (reference, created, by)
        lines.setdefault(seq, []).append(TransferLine(*line))
    return [Transfer(seq, *head, tuple(lines[seq])) for seq, head in heads.items()]
