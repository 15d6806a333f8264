"""What screens and the API read of reservations. The clock decides what is active, whether or not it was written down."""

# ruff: noqa: S608 - statements are put together from words of this package; whatever a person typed is a parameter.
from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from inventory.catalog.directory import Names, directory_of
from inventory.ledger.cells import IN_WAREHOUSE
from inventory.ledger.messages import Hold, HoldLine, Kind
from inventory.ledger.queries import as_of_seq
from inventory.reservations.render import keys_of_hold
from kit.paging import LIMIT_DEFAULT, Page, paged, parse_cursor

Status = Literal["active", "committed", "released", "expired"]
HOUR_US = 3_600_000_000


@dataclass(frozen=True, slots=True)
class HoldFilter:
    """Which reservations a list shows, newest first. `sku` and `warehouse` find those with such a line."""

    status: Status | None = None
    reference: str | None = None
    sku: str | None = None
    warehouse: str | None = None
    limit: int = LIMIT_DEFAULT
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class OpenHold:
    """What a reservation still holds of one item in one warehouse. `left_us` is None for a firm one."""

    seq: int
    warehouse: str
    warehouse_name: str
    open: int
    hard: bool
    expires_at_us: int
    left_us: int | None
    reference: str
    created_at_us: int
    by: str


@dataclass(frozen=True, slots=True)
class HoldCounts:
    """How many reservations are active, how many of them are firm, and how many end within an hour."""

    active: int
    firm: int
    ending: int


async def page(connection: AsyncConnection, tenant_id: int, now_us: int, asked: HoldFilter) -> Page[Hold]:
    """A page of reservations. Raises ValueError `bad_cursor`."""
    params: dict[str, Any] = {"tenant_id": tenant_id, "now_us": now_us, "limit": asked.limit + 1}
    conditions = [*_conditions(asked, params), _STATUS[asked.status]]
    heads = _HEADS if asked.sku is None else _HEADS_OF_ITEM
    query = heads.format(where=" AND ".join(conditions))
    seqs = [int(seq) for (seq,) in await connection.execute(text(query), params)]
    shown = paged(seqs, asked.limit, await as_of_seq(connection, tenant_id), lambda seq: (seq,))
    found = {hold.seq: hold for hold in await _holds(connection, tenant_id, shown.items)}
    return Page([found[seq] for seq in shown.items], shown.next, shown.as_of_seq)


async def one(connection: AsyncConnection, tenant_id: int, seq: int) -> Hold | None:
    """One reservation by its number."""
    found = await _holds(connection, tenant_id, [seq])
    return found[0] if found else None


async def open_holds(
    connection: AsyncConnection, tenant_id: int, now_us: int, item_id: int, warehouse: str | None = None, limit: int = 50
) -> list[OpenHold]:
    """Who holds the item now, soonest end first, firm ones last."""
    query = text("""
        SELECT h.seq, w.code, w.name, h.open, h.hard = 1, h.expires_at_us,
          CASE WHEN h.hard = 1 THEN NULL ELSE h.expires_at_us - :now_us END, h.reference, h.created_at_us, p.label
        FROM stock_holds h
        JOIN warehouses w ON w.tenant_id = :tenant_id AND w.id = h.warehouse_id
        LEFT JOIN principals p ON p.tenant_id = :tenant_id AND p.id = h.created_by
        WHERE h.tenant_id = :tenant_id AND h.part = 0 AND h.item_id = :item_id AND h.open > 0 AND h.expires_at_us > :now_us
          AND (CAST(:warehouse AS text) IS NULL OR w.code = :warehouse)
        ORDER BY h.expires_at_us, h.seq LIMIT :limit""")
    params = {"tenant_id": tenant_id, "now_us": now_us, "item_id": item_id, "warehouse": warehouse, "limit": limit}
    return [OpenHold(*row) for row in await connection.execute(query, params)]


async def counted(connection: AsyncConnection, tenant_id: int, now_us: int, warehouse: str | None = None) -> HoldCounts:
    """Active reservations in numbers; with a warehouse those that hold something there."""
    query = text(f"""
        SELECT count(*), count(*) FILTER (WHERE hard = 1), count(*) FILTER (WHERE expires_at_us <= :soon) FROM (
          SELECT DISTINCT h.part, h.seq, h.hard, h.expires_at_us FROM stock_holds h
          WHERE h.tenant_id = :tenant_id AND h.part = 0 AND h.open > 0 AND h.expires_at_us > :now_us AND {_in(warehouse)}) active""")
    params = {"tenant_id": tenant_id, "now_us": now_us, "soon": now_us + HOUR_US, "warehouse": warehouse}
    return HoldCounts(*(await connection.execute(query, params)).one())


async def ending(
    connection: AsyncConnection, tenant_id: int, now_us: int, within_us: int, warehouse: str | None = None, limit: int = 5
) -> list[Hold]:
    """Reservations that end by themselves before so long, the next one first."""
    query = text(f"""
        SELECT h.seq FROM stock_holds h WHERE h.tenant_id = :tenant_id AND h.part = 0 AND h.open > 0
          AND h.expires_at_us > :now_us AND h.expires_at_us <= :until AND {_in(warehouse)}
        GROUP BY h.seq ORDER BY min(h.expires_at_us), h.seq LIMIT :limit""")
    params = {"tenant_id": tenant_id, "now_us": now_us, "until": now_us + within_us, "warehouse": warehouse, "limit": limit}
    seqs = [int(seq) for (seq,) in await connection.execute(query, params)]
    found = {hold.seq: hold for hold in await _holds(connection, tenant_id, seqs)}
    return [found[seq] for seq in seqs]


async def name_holds(engine: AsyncEngine, tenant_id: int, holds: Iterable[Hold]) -> Names:
    """The names that reservations are shown with."""
    return await directory_of(engine).look(tenant_id, {key for hold in holds for key in keys_of_hold(hold)})


def _in(warehouse: str | None) -> str:
    return "TRUE" if warehouse is None else IN_WAREHOUSE.format(cell="h")


def _conditions(asked: HoldFilter, params: dict[str, Any]) -> list[str]:
    conditions = ["h.tenant_id = :tenant_id", "h.part = 0"]
    if asked.reference is not None:
        conditions.append("h.reference = :reference AND h.reference <> ''")
        params["reference"] = asked.reference
    params |= {"sku": asked.sku, "warehouse": asked.warehouse}
    if asked.warehouse is not None:
        conditions.append(IN_WAREHOUSE.format(cell="h"))
    if asked.cursor is not None:
        conditions.append("h.seq < :cursor")
        params["cursor"] = parse_cursor(asked.cursor, int)[0]
    return conditions


_ENDED = """NOT EXISTS (SELECT 1 FROM stock_holds o WHERE o.tenant_id = h.tenant_id AND o.part = h.part AND o.seq = h.seq
  AND o.open > 0 AND o.expires_at_us > :now_us)"""
_ANY = "EXISTS (SELECT 1 FROM stock_holds o WHERE o.tenant_id = h.tenant_id AND o.part = h.part AND o.seq = h.seq AND {which})"
_COMMITTED = _ANY.format(which="o.committed > 0")
_EXPIRED = _ANY.format(which="(o.expired > 0 OR o.open > 0)")
_STATUS: dict[Status | None, str] = {
    None: "TRUE",
    # The same words as the partial index, so that few active ones are found among millions that ended.
    "active": """h.seq IN (SELECT a.seq FROM stock_holds a
      WHERE a.tenant_id = :tenant_id AND a.part = 0 AND a.open > 0 AND a.expires_at_us > :now_us)""",
    "committed": f"{_ENDED} AND {_COMMITTED}",
    "expired": f"{_ENDED} AND NOT {_COMMITTED} AND {_EXPIRED}",
    "released": f"{_ENDED} AND NOT {_COMMITTED} AND NOT {_EXPIRED}",
}
"""The same rule as `render.status_of`."""

_HEADS = "SELECT DISTINCT h.seq FROM stock_holds h WHERE {where} ORDER BY h.seq DESC LIMIT :limit"

# Holds have no index by item: it would cost a fifth of every reserve. The ledger's index of cells finds the rows that made
# them, newest first in each warehouse; line n of a reservation is row n after its first.
_HEADS_OF_ITEM = f"""
SELECT DISTINCT made.seq FROM warehouses w
JOIN items i ON i.tenant_id = :tenant_id AND i.sku = :sku
CROSS JOIN LATERAL (
  SELECT h.seq FROM stock_ledger l
  JOIN stock_holds h ON h.tenant_id = l.tenant_id AND h.part = l.part AND h.seq = l.document AND h.line = l.seq - l.document
  WHERE l.tenant_id = :tenant_id AND l.item_id = i.id AND l.warehouse_id = w.id AND l.kind = {int(Kind.RESERVE)} AND l.delta_reserved > 0
    AND NOT EXISTS (
      SELECT 1 FROM stock_holds f WHERE f.tenant_id = h.tenant_id AND f.part = h.part AND f.seq = h.seq AND f.line < h.line
        AND f.item_id = h.item_id AND f.warehouse_id = h.warehouse_id)
    AND {{where}}
  ORDER BY l.seq DESC LIMIT :limit) made
WHERE w.tenant_id = :tenant_id AND (CAST(:warehouse AS text) IS NULL OR w.code = :warehouse)
ORDER BY made.seq DESC LIMIT :limit"""


async def _holds(connection: AsyncConnection, tenant_id: int, seqs: Sequence[int]) -> list[Hold]:
    query = text("""
        SELECT seq, hard, expires_at_us, reference, created_at_us, created_by, item_id, warehouse_id, location_id, lot_id,
          qty, open, committed, released, expired
        FROM stock_holds WHERE tenant_id = :tenant_id AND part = 0 AND seq = ANY (CAST(:seqs AS bigint[])) ORDER BY seq, line""")
    heads: dict[int, dict[str, Any]] = {}
    lines: dict[int, list[HoldLine]] = {}
    for seq, hard, expires, reference, created, by, *line in await connection.execute(query, {"tenant_id": tenant_id, "seqs": list(seqs)}):
        # A line that ended keeps its old term; the open ones say what holds now.
        if seq not in heads or line[5] > 0:
            heads[seq] = {"hard": hard == 1, "expires_at_us": expires, "reference": reference, "created_at_us": created, "created_by": by}
        lines.setdefault(seq, []).append(HoldLine(*line))
    return [Hold(seq=seq, lines=tuple(lines[seq]), **head) for seq, head in heads.items()]
