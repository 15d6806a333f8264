"""The tally keeps sums that are exact however far behind it is…"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, replace
from random import Random
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection
from structlog.testing import capture_logs

from actors.local import LocalEngine
from db.engine import make_engine, make_pool
from inventory import stock
from inventory.catalog import messages as catalog
from inventory.catalog import service as catalog_service
from inventory.context import Context
from inventory.ledger import history, queries, tally, tallying
from inventory.ledger.queries import LevelFilter
from inventory.locations import messages as places
from inventory.locations import service as places_service
from jobs.job import Pool
from jobs.tally import TallyKeeper
from jobs.tally import tally as kept
from kit.clock import SECOND, now_us, rfc3339
from kit.errors import Refused
from tests.conftest import Database
from tests.people import populate

DAY = 86_400 * SECOND
SKUS = ("CUP", "POT", "ROPE", "WAX", "NEW", "OLD")
PLACES = ("osh", "main", "north")
SEEDS = range(4)


@dataclass
class Shop:
    """A shop whose clock can be moved, the worker's connections, and a keeper of its tally."""

    ctx: Context
    pool: Pool
    limited: Context
    """Somebody who sees two of three warehouses."""

    async def do(self, verb: str, **body: Any) -> None:
        """A deed that may be refused: what a shop asks for is not always there."""
        with suppress(Refused):
            await stock.perform(self.ctx, verb, uuid4().hex, body)

    async def receive(self, sku: str, warehouse: str, qty: str, days_ago: float = 0) -> None:
        at = {"effective_at": rfc3339(self.ctx.clock() - int(days_ago * DAY))} if days_ago else {}
        await self.do("receive", lines=[{"sku": sku, "warehouse": warehouse, "qty": qty}], **at)

    async def limits(self, sku: str, warehouse: str, least: str, most: str) -> None:
        async with self.ctx.writing() as work:
            await catalog_service.set_limits(self.ctx, work, sku, catalog.NewLimits(warehouse, least, most))

    async def tally(self) -> bool:
        return await kept(self.pool, self.ctx.tenant.id)

    async def ordered(self, qty: int) -> None:
        """So much on order of every cell there is."""
        async with self.pool.acquire() as connection, connection.transaction():
            await connection.execute("SELECT set_config('app.tenant_id', $1, true)", str(self.ctx.tenant.id))
            await connection.execute("UPDATE stock_balances SET on_order = $1", qty)


class Clock:
    """The true time, and how far it was moved."""

    ahead_us = 0

    def __call__(self) -> int:
        return now_us() + self.ahead_us


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def shop(fresh_database: Database, clock: Clock) -> AsyncIterator[Shop]:
    engine = make_engine(fresh_database.app, pool_size=4)
    local = await LocalEngine(fresh_database.engine, lambda *_: None, lambda: None).start()
    pool = await make_pool(fresh_database.engine, 2)
    world = await populate(engine, prepare=catalog_service.found_units)
    ctx = world.alice.context(engine, local, clock)
    async with ctx.writing() as work:
        for code in PLACES:
            await places_service.create_warehouse(ctx, work, places.NewWarehouse(code, code.title()))
        for sku in SKUS:
            unit = {"ROPE": "m", "WAX": "kg"}.get(sku, "pcs")
            await catalog_service.create_item(ctx, work, catalog.NewItem(sku, sku.title(), base_unit=unit))
    ids = await _warehouse_ids(ctx)
    few = replace(world.bob.actor, warehouses={ids[code]: code for code in ("osh", "north")})
    yield Shop(ctx, pool, Context(ctx.tenant, few, local, engine, clock))
    await pool.close()
    await local.close()
    await engine.dispose()


async def _warehouse_ids(ctx: Context) -> dict[str, int]:
    async with ctx.reading() as connection:
        return {row.code: row.id for row in await connection.execute(text("SELECT id, code FROM warehouses"))}


async def read(ctx: Context) -> dict[str, Any]:
    """All that a dashboard reads, everywhere and in each warehouse."""
    found: dict[str, Any] = {}
    tenant, now = ctx.tenant, ctx.clock()
    async with ctx.reading() as connection:
        for place in (None, "osh", "main"):
            found[f"totals {place}"] = await queries.totals(connection, tenant.id, now, place)
            found[f"states {place}"] = await queries.states(connection, tenant.id, now, LevelFilter(warehouse=place))
            found[f"short {place}"] = await queries.shortages(connection, tenant.id, now, place, limit=4)
            found[f"week {place}"] = await history.series(connection, tenant.id, now, 8, "Asia/Kathmandu", place)
            found[f"quarter {place}"] = await history.series(connection, tenant.id, now, 90, "Asia/Bishkek", place)
        if ctx.actor.warehouses is None:
            found["balances"] = await _balances(connection)
    return found


async def _balances(connection: AsyncConnection) -> list[tuple[str, int, int]]:
    """What the totals must add up to, whatever the queries think."""
    summed = await connection.execute(
        text("""
            SELECT i.base_unit, sum(b.on_hand), sum(b.in_transit) FROM stock_balances b JOIN items i ON i.id = b.item_id
            GROUP BY 1 ORDER BY 1""")
    )
    return [(unit, int(on_hand), int(in_transit)) for unit, on_hand, in_transit in summed]


async def must_agree(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """With the tally and without it, the same."""
    with_it = await read(ctx)
    with monkeypatch.context() as without:
        without.setattr(tally, "ROWS_MAX", -1)
        from_all = await read(ctx)
    for name, expected in from_all.items():
        assert _of(with_it[name]) == _of(expected), name
    return with_it


def _of(found: Any) -> Any:
    """Series without their last moment, which is that of asking."""
    if isinstance(found, list) and found and isinstance(found[0], history.Series):
        return [(each.unit, each.decimals, [_levels(point) for point in each.points]) for each in found]
    return found


def _levels(point: history.Point) -> tuple[int, ...]:
    return point.on_hand, point.reserved, point.available, point.in_transit


async def _any_deed(shop: Shop, random: Random, clock: Clock) -> None:
    sku, here, there = random.choice(SKUS), *random.sample(PLACES, 2)
    line = {"sku": sku, "warehouse": here, "qty": str(random.randint(1, 6))}
    match random.randrange(10):
        case 0 | 1 | 2:
            await shop.receive(sku, here, str(random.randint(1, 20)), random.choice((0, 0, 2, 6.3, 40)))
        case 3:
            await shop.do("issue", lines=[line])
        case 4:
            await shop.do("reserve", lines=[line], expires_in=random.choice((60, 900)))
        case 5:
            await shop.do("issue", lines=[line], late=True, effective_at=rfc3339(clock() - random.randint(1, 60) * SECOND))
        case 6:
            await shop.do("transfer", **{"from": here, "to": there, "lines": [{"sku": sku, "qty": line["qty"]}]})
        case 7:
            await shop.limits(sku, here, str(random.randint(0, 9)), str(random.randint(10, 30)))
        case 8:
            await shop.do("adjust", lines=[{"sku": sku, "warehouse": here, "delta": "-1"}], reason="counted")
        case _:
            clock.ahead_us += random.choice((0, 70)) * SECOND


@pytest.mark.parametrize("seed", SEEDS)
async def test_as_if_every_balance_and_row_were_summed(shop: Shop, clock: Clock, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    random = Random(seed)
    for _ in range(12):
        for _ in range(random.randint(1, 9)):
            await _any_deed(shop, random, clock)
        if random.random() < 0.6:
            await shop.tally()
        found = await must_agree(shop.ctx, monkeypatch)
        assert [(total.unit, total.on_hand, total.in_transit) for total in found["totals None"]] == found["balances"]
        await must_agree(shop.limited, monkeypatch)


async def test_reads_a_few_rows_and_not_all_once_it_is_there(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    await shop.receive("CUP", "osh", "5", 3)
    assert await _tallied_to(shop) is None
    await shop.tally()
    assert await _tallied_to(shop) == 1
    await shop.receive("CUP", "osh", "2")
    assert await _tallied_to(shop) == 1
    monkeypatch.setattr(tally, "ROWS_MAX", 0)
    assert await _tallied_to(shop) is None


async def test_hears_of_things_that_no_row_tells(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    await shop.receive("CUP", "osh", "5")
    await shop.receive("POT", "main", "5")
    await shop.tally()
    await shop.limits("CUP", "osh", "9", "20")
    await shop.limits("POT", "north", "1", "2")
    assert [cell.sku for cell in (await must_agree(shop.ctx, monkeypatch))["short None"]] == ["POT", "CUP"]
    await shop.tally()
    assert (await must_agree(shop.ctx, monkeypatch))["states None"] == {"out": 5, "low": 1, "coming": 0, "over": 0, "ok": 0}
    async with shop.ctx.writing() as work:
        await catalog_service.archive_item(shop.ctx, work, "NEW")
    assert (await must_agree(shop.ctx, monkeypatch))["states None"]["out"] == 4
    await shop.tally()
    assert (await must_agree(shop.ctx, monkeypatch))["states None"]["out"] == 4


async def test_finds_what_has_come_to_be_on_order(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    await shop.receive("CUP", "osh", "5")
    await shop.limits("CUP", "osh", "9", "20")
    await shop.tally()
    await shop.ordered(10_000_000)
    await shop.tally()
    found = await must_agree(shop.ctx, monkeypatch)
    assert (found["states None"]["coming"], found["short None"]) == (1, [])
    await shop.ordered(0)
    await shop.tally()
    assert (await must_agree(shop.ctx, monkeypatch))["states None"]["low"] == 1


async def test_takes_a_long_way_in_pieces(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(7):
        await shop.receive("CUP", "osh", "1")
    monkeypatch.setattr("jobs.tally.ROWS_MAX", 3)
    assert await shop.tally()
    await must_agree(shop.ctx, monkeypatch)
    keeper = TallyKeeper(shop.pool, asyncio.Event())
    await keeper.round()
    assert await _tallied_to(shop) == 7
    await must_agree(shop.ctx, monkeypatch)


async def test_two_keepers_add_nothing_twice(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(5):
        await shop.receive("CUP", "osh", "1")
    await asyncio.gather(*[shop.tally() for _ in range(4)])
    await must_agree(shop.ctx, monkeypatch)


_WAITS = "SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"


async def test_who_waited_for_its_turn_goes_on_from_where_the_ledger_is_by_then(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    await shop.receive("CUP", "osh", "1")
    await shop.tally()
    await shop.receive("CUP", "osh", "1")
    tenant = shop.ctx.tenant.id
    async with shop.pool.acquire() as other, other.transaction():
        await other.execute("SELECT set_config('app.tenant_id', $1, true)", str(tenant))
        await other.execute(tallying.TURN, tenant)
        waiting = asyncio.create_task(shop.tally())
        for _ in range(500):
            if await other.fetchval(_WAITS):
                break
            await asyncio.sleep(0.01)
        await shop.receive("CUP", "osh", "1")
        await other.execute(tallying.SUMS, tenant, 1, 3)
        await other.execute(tallying.REACHED, tenant, 3, now_us())
    await waiting
    assert await _tallied_to(shop) == 3
    await must_agree(shop.ctx, monkeypatch)


async def _tallied_to(shop: Shop) -> int | None:
    async with shop.ctx.reading() as connection:
        found = await tally.tally_of(connection, shop.ctx.tenant.id)
    return found.seq if found else None


async def test_a_warehouse_that_was_put_away_counts_no_more(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    await shop.receive("CUP", "osh", "5")
    await shop.limits("CUP", "north", "1", "2")
    await shop.tally()
    assert (await must_agree(shop.ctx, monkeypatch))["states None"]["ok"] == 0
    async with shop.ctx.writing() as work:
        await places_service.archive_warehouse(shop.ctx, work, "north")
    assert (await must_agree(shop.ctx, monkeypatch))["states None"]["ok"] == 1
    await shop.tally()
    assert (await must_agree(shop.ctx, monkeypatch))["states None"]["ok"] == 1


async def test_what_cannot_be_added_up_is_not_the_others_trouble(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    tenants: list[int] = []

    async def overflows(pool: Pool, tenant: int) -> bool:
        tenants.append(tenant)
        if len(tenants) == 1:
            raise asyncpg.NumericValueOutOfRangeError("bigint out of range")
        return False

    monkeypatch.setattr("jobs.tally.tally", overflows)
    monkeypatch.setattr("jobs.tally.tallying.GROWN", "SELECT n AS tenant_id FROM generate_series(1, 3) n")
    with capture_logs() as said:
        await TallyKeeper(shop.pool, asyncio.Event()).round()
    assert tenants == [1, 2, 3]
    assert [line["event"] for line in said] == ["tally_failed"]
