"""W10: what a dashboard reads of a company with many cells and a long ledger, beside summing all of it up at every look; then the
same while stock moves at half of what it could, with the tally kept along."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from db.engine import make_engine, make_pool
from db.tenancy import reading
from inventory.ledger import history, queries
from inventory.ledger.history import LedgerFilter
from inventory.ledger.queries import LevelFilter
from jobs.tally import TallyKeeper
from kit.clock import now_us
from kit.quantity import ONE
from loadtests.bench.contest import Contender, contest
from loadtests.bench.engine import was_done
from loadtests.bench.ground import Company, stock_up
from loadtests.bench.load import Turn, percentile_ms, run_tasks
from loadtests.bench.messages import chooser, reserve_one
from loadtests.bench.records import Record, measured, record
from loadtests.bench.schedule import scheduled
from loadtests.bench.stage import Stage
from loadtests.bench.workloads.mix import Mix

ID = "W10"
TITLE = "dashboards: {items:,} cells in 10 warehouses"
_WAREHOUSES = 10
_SCREENS = 2
"""Looks at a time: as many as two cores can be asked for."""
_PACE_S = 0.25
"""Between the looks of a screen while stock moves: a part is asked for again no oftener."""
_EACH = 10**6 * ONE
"""Stock of each cell: enough, and all of it together still an int64."""
_TURN_S = 1.0
"""At least: a naive look at a large company takes as long."""
_LOAD = 0.5
_FILL_AT_ONCE = 2_000

Read = Callable[[AsyncConnection, int], Awaitable[Any]]


@dataclass(slots=True)
class Screen:
    """All reads of a dashboard, each in a snapshot of its own as its parts are asked for. `took` are seconds by read."""

    engine: AsyncEngine
    tenant: int
    reads: Mapping[str, Read]
    took: dict[str, list[float]] = field(default_factory=dict)

    async def look(self) -> bool:
        """Every read once."""
        for name, read in self.reads.items():
            began = time.perf_counter()
            async with reading(self.engine, self.tenant) as connection:
                await read(connection, self.tenant)
            self.took.setdefault(name, []).append(time.perf_counter() - began)
        return True

    async def turn(self, screens: int, seconds: float) -> Turn:
        """So many screens, each looking again when it has seen all."""
        return await run_tasks([self.look] * screens, seconds)

    def p95_ms(self) -> dict[str, float]:
        """By read, and forget."""
        found = {name: percentile_ms(took, 0.95) for name, took in self.took.items()}
        self.took.clear()
        return found


async def run(stage: Stage) -> list[Record]:
    """The product's screen beside the naive one, then while stock moves."""
    company = await _company(stage)
    engine, pool = make_engine(stage.product.database.app, 4), await make_pool(stage.product.database.engine, 1)
    over = asyncio.Event()
    try:
        keeper = TallyKeeper(pool, over)
        began = time.perf_counter()
        await keeper.round()
        tallied_s = time.perf_counter() - began
        await stage.refresh()
        screen, naive = Screen(engine, company.tenant, READS), Screen(engine, company.tenant, NAIVE)
        stage.faults[company.slug] = await _differ(engine, company.tenant)
        sizes = (_SCREENS,)
        pace = replace(stage.size, seconds=max(_TURN_S, stage.size.seconds))
        scores = await contest(stage, ID, [Contender("ray", screen.turn, sizes), Contender("naive", naive.turn, sizes)], pace)
        mine, theirs = measured(scores["ray"].turns[_SCREENS]), measured(scores["naive"].turns[_SCREENS])
        figures = {"p95_ms": screen.p95_ms(), "naive_p95_ms": naive.p95_ms(), "tallied_s": round(tallied_s, 2)}
        figures["beside_work"] = await _beside_work(stage, company, screen, keeper, over)
        stage.faults[company.slug] += await _differ(engine, company.tenant)
    finally:
        over.set()
        await pool.close()
        await engine.dispose()
    params = {"mode": "ray", "callers": _SCREENS, "items": stage.size.board_cells, "rows": stage.size.board_rows}
    peers = {"naive": {"title": "every row and balance summed", **theirs, "callers": _SCREENS}}
    return [record(stage, ID, params, mine, [company.slug], peers=peers, figures=figures)]


async def _company(stage: Stage) -> Company:
    """Ten warehouses with the same items, limits on a third of them, and a ledger of the length that the size asks for."""
    company = await stage.company("boards", stage.size.board_cells // _WAREHOUSES, _EACH)
    numbers = await stage.connection.fetch(_BRANCHES, company.tenant, _WAREHOUSES - 1)
    for row in numbers:
        await stock_up(stage.product.desk, replace(company, warehouse=row["id"]), _EACH)
    await stage.connection.execute(_LIMITS, company.tenant, _EACH)
    await _fill(stage, company, [company.warehouse, *(row["id"] for row in numbers)])
    return company


async def _fill(stage: Stage, company: Company, warehouses: list[int]) -> None:
    choose, number, seq = chooser(company.items, "uniform"), 0, 0
    while seq < stage.size.board_rows:
        number += 1
        commands = [reserve_one(choose(), warehouses[number % _WAREHOUSES]) for _ in range(_FILL_AT_ONCE)]
        outcomes = await asyncio.gather(*[stage.product.desk.send(company.tenant, command) for command in commands])
        seq = max(outcome.seq for outcome in outcomes)


async def _beside_work(stage: Stage, company: Company, screen: Screen, keeper: TallyKeeper, over: asyncio.Event) -> dict[str, Any]:
    """W4 by the clock at half its capacity, first alone, then with screens looking and the tally kept."""
    mix, seconds = Mix(stage.product, company), stage.size.seconds * 2
    capacity = (await stage.product.turn(mix.ask, stage.headline, stage.size.seconds)).ops_s
    work = partial(scheduled, mix.ask, was_done, _LOAD * capacity, seconds)
    alone = (await work()).done_within()
    keeping = asyncio.create_task(keeper.run())
    looking = [asyncio.create_task(_look_on(screen, over)) for _ in range(_SCREENS)]
    beside = (await work()).done_within()
    over.set()
    await asyncio.gather(keeping, *looking)
    found = screen.p95_ms()
    stage.say(f"{ID:<4}beside {_LOAD * capacity:,.0f}/s  p95 {found} ms")
    return {"per_second": round(_LOAD * capacity), "p95_ms": found, "work_of_alone": round(beside / max(1, alone), 3)}


async def _look_on(screen: Screen, over: asyncio.Event) -> None:
    while not over.is_set():
        await screen.look()
        await asyncio.sleep(_PACE_S)


async def _differ(engine: AsyncEngine, tenant: int) -> list[str]:
    """What the dashboard shows otherwise than the naive sums of the same snapshot: nothing, or the record is worth nothing."""
    async with reading(engine, tenant) as connection:
        now = now_us()  # of both: a hold may run out in between
        shown = [(each.unit, each.on_hand, each.reserved) for each in await queries.totals(connection, tenant, now)]
        summed = [(unit, int(here), int(held)) for unit, here, held, *_ in await _rows(_TOTALS, connection, tenant, now)]
    return [] if shown == summed else [f"the dashboard shows {shown}, balances add up to {summed}"]


async def _rows(query: str, connection: AsyncConnection, tenant: int, now: int) -> list[Any]:
    day = 86_400_000_000
    params = {"tenant": tenant, "now": now, "since": now - 30 * day, "bounds": [now - back * day for back in range(30, 0, -1)]}
    asked = {name: value for name, value in params.items() if f":{name}" in query}
    return list(await connection.execute(text(query), asked))


async def _naively(query: str, connection: AsyncConnection, tenant: int) -> list[Any]:
    return await _rows(query, connection, tenant, now_us())


READS: dict[str, Read] = {
    "totals": lambda connection, tenant: queries.totals(connection, tenant, now_us()),
    "states": lambda connection, tenant: queries.states(connection, tenant, now_us(), LevelFilter()),
    "shortages": lambda connection, tenant: queries.shortages(connection, tenant, now_us()),
    "chart": lambda connection, tenant: history.series(connection, tenant, now_us(), 30, "UTC"),
    "feed": lambda connection, tenant: history.rows(connection, tenant, LedgerFilter(limit=10)),
}
"""As the page asks."""

_TOTALS = """
SELECT i.base_unit, sum(b.on_hand), sum(b.reserved - coalesce(d.qty, 0)), sum(greatest(0, b.on_hand - b.blocked - b.reserved)),
  sum(b.in_transit)
FROM stock_balances b JOIN items i ON i.tenant_id = b.tenant_id AND i.id = b.item_id
LEFT JOIN (SELECT item_id, warehouse_id, sum(open) AS qty FROM stock_holds
  WHERE tenant_id = :tenant AND part = 0 AND open > 0 AND expires_at_us <= :now GROUP BY 1, 2) d
  ON d.item_id = b.item_id AND d.warehouse_id = b.warehouse_id
WHERE b.tenant_id = :tenant GROUP BY 1 ORDER BY 1
"""
_LEVELS = """
SELECT b.item_id, b.warehouse_id, b.on_hand - b.blocked - b.reserved AS free, b.in_transit + b.on_order AS coming, m.qty_min, m.qty_max
FROM stock_balances b JOIN items i ON i.tenant_id = b.tenant_id AND i.id = b.item_id AND i.archived_at IS NULL
LEFT JOIN item_limits m ON m.tenant_id = b.tenant_id AND m.item_id = b.item_id AND m.warehouse_id = b.warehouse_id
WHERE b.tenant_id = :tenant
"""
_STATES = f"""
SELECT worst, count(*) FROM (
  SELECT item_id, min(CASE WHEN free <= 0 THEN 0 WHEN free + coming <= qty_min THEN 1 WHEN free <= qty_min THEN 2 ELSE 4 END) AS worst
  FROM ({_LEVELS}) levels GROUP BY item_id) items GROUP BY worst
"""
_SHORT = f"""
SELECT * FROM ({_LEVELS}) levels WHERE free + coming <= qty_min AND qty_min > 0 ORDER BY free::float / qty_min, qty_min DESC LIMIT 7
"""
_CHART = """
SELECT i.base_unit, width_bucket(l.effective_at_us, CAST(:bounds AS bigint[])), sum(l.delta_on_hand), sum(l.delta_reserved)
FROM stock_ledger l JOIN items i ON i.tenant_id = l.tenant_id AND i.id = l.item_id
WHERE l.tenant_id = :tenant AND l.effective_at_us >= :since GROUP BY 1, 2
"""
_FEED = "SELECT * FROM stock_ledger WHERE tenant_id = :tenant AND part = 0 ORDER BY seq DESC LIMIT 10"
NAIVE: dict[str, Read] = {
    name: partial(_naively, query)
    for name, query in (("totals", _TOTALS), ("states", _STATES), ("shortages", _SHORT), ("chart", _CHART), ("feed", _FEED))
}
"""What most would write: all of it at every look. The indexes are there."""

_BRANCHES = """
INSERT INTO warehouses (tenant_id, code, name, time_zone)
SELECT $1, 'branch-' || n, 'Branch ' || n, 'UTC' FROM generate_series(1, $2) n RETURNING id
"""
_LIMITS = f"""
INSERT INTO item_limits (tenant_id, item_id, warehouse_id, qty_min, qty_max)
SELECT tenant_id, item_id, warehouse_id, CASE WHEN item_id % 30 = 0 THEN $2::bigint ELSE {ONE} END, 2 * $2::bigint FROM stock_balances
WHERE tenant_id = $1 AND item_id % 3 = 0
"""
"""A tenth of them are low from the first reservation on."""
