"""Reconcile: balances compared with the sums of their rows, and put right by correction rows. Nothing is overwritten.

A balance can only differ through a fault of ours or a hand in the database. What the engine remembers of the cell may be
as wrong, so a correction carries the ledger's own totals, and the cell's version that they hold for.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any, NamedTuple

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from events.replies import Key, once
from events.unit_of_work import UnitOfWork
from inventory.answer import Answer, Asked, Json, head
from inventory.body import fit
from inventory.catalog.directory import ItemName, Names, WarehouseName, directory_of
from inventory.context import Context
from inventory.ledger.bodies import ReconcileBody
from inventory.ledger.messages import Correct, Outcome
from inventory.ledger.render import item_of, keys_of_rows, named, row_json, warehouse_of
from kit.errors import refuse
from kit.ids import digest16
from kit.quantity import format_qty
from kit.text import is_code

VERB = "reconcile"
RECONCILED = "reconciled"
REASON = "reconciled with the ledger"
CORRECTIONS_MAX = 500
"""Cells put right by one request: they wait for the engine inside a transaction. Ask again until nothing has drifted."""
MEASURES = ("on_hand", "reserved", "blocked", "in_transit")

_log = structlog.get_logger("inventory")


class Summed(NamedTuple):
    """A cell: its version and totals as its rows have them, and the totals of its balance, each in the order of `MEASURES`."""

    item: int
    warehouse: int
    version: int
    ledger: Sequence[int]
    balance: Sequence[int]


async def perform(ctx: Context, asked: Asked) -> Answer:
    """Compare and correct, once per key. Raises `Refused` and `Unavailable` as other verbs do."""
    ctx.permit("stock.reconcile")
    body = fit(asked.body, ReconcileBody)
    told = head(ctx, asked)
    scope = await _scope(ctx, body)

    async def act(work: UnitOfWork) -> tuple[int, Json]:
        cells = await _compared(work.connection, {"tenant_id": ctx.tenant.id, **scope})
        found = await _corrected(ctx, told, cells)
        told_of = {"checked": found["checked"], "drift": found["drift"]}
        await work.record(RECONCILED, ctx.tenant.slug, warehouse=body.warehouse, sku=body.sku, **told_of)
        return 200, found

    key = Key(digest16(VERB.encode(), told["key_hash"]), told["body_hash"])
    reply = await once(ctx.writing(), key, act, lambda refusal: False)
    return Answer(reply.status, json.loads(reply.body), reply.replayed)


async def _scope(ctx: Context, body: ReconcileBody) -> dict[str, int | None]:
    """Which item and warehouse: ids, None for all of them."""
    asked = {"item": ("sku", body.sku), "warehouse": ("warehouse", body.warehouse)}
    wanted = {key for key in asked.values() if key[1] is not None and is_code(key[1])}
    names = await directory_of(ctx.engine).look(ctx.tenant.id, wanted)
    ids: dict[str, int | None] = {}
    for field, key in asked.items():
        found = names.get(key)
        if key[1] is not None and found is None:
            raise refuse(f"unknown_{field}", {"field": key[0], key[0]: key[1][:64]})
        ids[field] = found.id if isinstance(found, (ItemName, WarehouseName)) else None
    return ids


async def _compared(connection: AsyncConnection, params: dict[str, Any]) -> list[Summed]:
    """Every cell in scope, in one statement and so in one snapshot."""
    scope = "".join(f" AND {name}_id = :{name}" for name in ("item", "warehouse") if params[name] is not None)
    found = await connection.execute(text(_SUMS.format(scope=scope)), params)
    return [Summed(item, warehouse, version, row[:4], row[4:]) for item, warehouse, version, *row in found]


async def _corrected(ctx: Context, told: Json, cells: Sequence[Summed]) -> Json:
    drift = [cell for cell in cells if cell.ledger != cell.balance][:CORRECTIONS_MAX]
    if drift:
        _log.error("balances_drifted", tenant=ctx.tenant.slug, cells=len(drift))
    outcomes = await asyncio.gather(*[ctx.stock.submit(ctx.tenant.id, _correction(told, cell)) for cell in drift])
    rows = [row for outcome in outcomes for row in outcome.rows]
    keys = keys_of_rows(rows) | {key for cell in drift for key in (("item", cell.item), ("warehouse_id", cell.warehouse))}
    names = await directory_of(ctx.engine).look(ctx.tenant.id, keys)
    return {
        "checked": len(cells),
        "drift": [_drift(cell, outcome, names) for cell, outcome in zip(drift, outcomes, strict=True)],
        "corrections": [row_json(named(row, names)) for row in rows],
    }


def _correction(told: Json, cell: Summed) -> Correct:
    """A command of its own for each cell. A version is corrected once: asked again, it is answered the same."""
    place = f"{cell.item} {cell.warehouse} {cell.version}".encode()
    totals: Json = dict(zip(MEASURES, cell.ledger, strict=True))
    hashes = {"key_hash": digest16(told["key_hash"], place), "body_hash": digest16(repr(totals).encode())}
    cell_of = {"item": cell.item, "warehouse": cell.warehouse, "version": cell.version}
    return Correct(**{**told, **hashes, **cell_of, **totals}, reason=REASON)


def _drift(cell: Summed, outcome: Outcome, names: Names) -> Json:
    """What was found. Not corrected: the cell has moved on since, so ask again."""
    item = item_of(cell.item, names)

    def shown(totals: Sequence[int]) -> Json:
        return {name: format_qty(value, item.decimals) for name, value in zip(MEASURES, totals, strict=True)}

    return {
        "sku": item.sku,
        "warehouse": warehouse_of(cell.warehouse, names).code,
        "ledger": shown(cell.ledger),
        "balance": shown(cell.balance),
        "corrected": not outcome.code,
    }


_SUMS = """
WITH rows AS (
  SELECT item_id, warehouse_id, max(cell_version) AS version, sum(delta_on_hand)::bigint AS on_hand,
    sum(delta_reserved)::bigint AS reserved, sum(delta_blocked)::bigint AS blocked, sum(delta_in_transit)::bigint AS in_transit
  FROM stock_ledger
  WHERE tenant_id = :tenant_id{scope} GROUP BY 1, 2)
SELECT r.item_id, r.warehouse_id, r.version, r.on_hand, r.reserved, r.blocked, r.in_transit,
  coalesce(b.on_hand, 0), coalesce(b.reserved, 0), coalesce(b.blocked, 0), coalesce(b.in_transit, 0)
FROM rows r
LEFT JOIN stock_balances b ON b.tenant_id = :tenant_id AND b.item_id = r.item_id AND b.warehouse_id = r.warehouse_id
ORDER BY 1, 2"""
