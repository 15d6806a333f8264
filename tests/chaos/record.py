"""Group B of the catalogue, the record itself: changed behind everybody's back, by a disk or by an insider."""

from __future__ import annotations

from pathlib import Path

import asyncpg
import pytest

from db.engine import make_pool
from jobs import passes
from jobs.anchors import Anchorer, Anchors, Head
from kit.clock import now_us
from tests.chaos.case import Run, case
from tests.chaos.load import Shop, progress, working
from tests.chaos.places import Place

PAGE = 8_192
CUT = 10
"""Commands that the insider makes undone."""


@case("B32a", "a changed ledger row, balance, hold, head")
async def rows_changed(run: Run) -> None:
    """The verification finds each, and nothing once it is mended."""
    shop = await _worked(run)
    for table, column, row, rule, seq in _CHANGES:
        where = f"tenant_id = {shop.company.tenant} AND {row.format(tenant=shop.company.tenant, item=shop.company.items[0])}"
        await _tamper(run.place, f"UPDATE {table} SET {column.format('+ 1')} WHERE {where}")
        faults = await shop.faults()
        await _tamper(run.place, f"UPDATE {table} SET {column.format('- 1')} WHERE {where}")
        assert faults, f"{table} was changed and nothing was found"
        assert (faults[0].rule, seq or faults[0].seq) == (rule, faults[0].seq), faults


@case("B32b", "a flipped bit in a data file")
async def bit_flipped(run: Run) -> None:
    """The server refuses the page instead of serving it; mended, it serves it again."""
    shop = await _worked(run)
    async with run.place.admin() as admin:
        path = run.place.data / await admin.fetchval("SELECT pg_relation_filepath('stock_ledger')")
        page = await admin.fetchval(
            "SELECT (ctid::text::point)[0]::int FROM stock_ledger WHERE tenant_id = $1 LIMIT 1", shop.company.tenant
        )
    await _flip_while_stopped(run.place, path, page * PAGE + PAGE // 2)
    with pytest.raises(asyncpg.DataCorruptedError, match="invalid page"):
        await shop.faults()
    await _flip_while_stopped(run.place, path, page * PAGE + PAGE // 2)


@case("B33", "an insider puts an older copy of everything in place of the last ten commands")
async def tail_cut(run: Run) -> None:
    """The anchors tell, and the answers that clients keep name every command that is gone. Cut off without care, the head tells."""
    shop = await _worked(run)
    tenant = shop.company.tenant
    seq = len((await shop.record())[0])
    await _tamper(run.place, *[f"CREATE TABLE kept_{table} AS SELECT * FROM {table} WHERE tenant_id = {tenant}" for table in _TABLES])
    gone = {(await shop.receive(1)).seq for _ in range(CUT)}
    anchors = await _anchored(run.place, tenant)
    await _tamper(run.place, f"DELETE FROM stock_ledger WHERE tenant_id = {tenant} AND seq > {seq}")
    assert any(fault.rule == "head" for fault in await shop.faults())
    await _tamper(run.place, *[f"DELETE FROM {table} WHERE tenant_id = {tenant}" for table in _TABLES])
    await _tamper(run.place, *[f"INSERT INTO {table} SELECT * FROM kept_{table}" for table in _TABLES])
    await _tamper(run.place, *[f"DROP TABLE kept_{table}" for table in _TABLES])
    assert "anchor" in await _rules_broken(run.place, tenant, anchors)
    assert len([line for line in await shop.broken() if line.startswith("lost: ")]) == len(gone)
    run.shops.remove(shop)  # its record is spoilt for good


async def _anchored(where: Place, tenant: int) -> Anchors:
    """Sign the company's head outside the database."""
    folder = where.var / "anchors"
    folder.mkdir()
    anchorer = Anchorer(folder, where.var / "anchor.key")
    async with where.admin() as admin:
        row = await admin.fetchrow("SELECT seq, head_hash FROM stock_partitions WHERE tenant_id = $1", tenant)
    assert row is not None
    anchorer.append([Head(tenant, 0, row["seq"], row["head_hash"])], now_us())
    return anchorer.anchors


async def _rules_broken(where: Place, tenant: int, anchors: Anchors) -> set[str]:
    pool = await make_pool(where.database.engine, 1)
    try:
        return {fault.rule for fault in (await passes.deep(pool, (tenant, 0), anchors, checkpoint=False)).faults}
    finally:
        await pool.close()


async def _worked(run: Run) -> Shop:
    """A shop with some history, and nobody at work in it."""
    shop = await run.shop(await run.owner())
    async with working(shop, seed=run.seed):
        await progress(shop, run.size(100, 2_000))
    return shop


async def _tamper(where: Place, *statements: str) -> None:
    """As a superuser who turns off what forbids it."""
    async with where.admin() as admin:
        await admin.execute("SET session_replication_role = replica")
        for statement in statements:
            await admin.execute(statement)


async def _flip_while_stopped(where: Place, path: Path, offset: int) -> None:
    await where.stop()
    with path.open("r+b") as file:
        file.seek(offset)
        octet = file.read(1)[0]
        file.seek(offset)
        file.write(bytes([octet ^ 1]))
    await where.start()


_CHANGES = (
    ("stock_ledger", "delta_on_hand = delta_on_hand {}", "seq = 7", "hash_chain", 7),
    ("stock_balances", "on_hand = on_hand {}", "item_id = {item}", "balance", 0),
    ("stock_holds", "qty = qty {0}, open = open {0}", "seq = (SELECT min(seq) FROM stock_holds WHERE tenant_id = {tenant})", "hold", 0),
    ("stock_partitions", "seq = seq {}", "part = 0", "head", 0),
)
"""Table, what is changed, in which row, the rule that finds it, and the row it names where that is known before."""
_TABLES = ("stock_partitions", "stock_ledger", "stock_balances", "stock_buckets", "stock_holds", "stock_replies")
