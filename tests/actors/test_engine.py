"""The engine, in both modes and on a real database…"""

from __future__ import annotations

import asyncio
from collections import Counter

from inventory.ledger.messages import Reserve
from kit.clock import SECOND
from tests.actors.conftest import ONE, Company


async def test_moves_promises_and_delivers(company: Company) -> None:
    await company.receive(10)
    held = await company.reserve(4)
    assert held.hold is not None
    assert (held.levels[0].on_hand, held.levels[0].reserved, held.levels[0].available) == (10 * ONE, 4 * ONE, 6 * ONE)
    sold = await company.commit(held.hold.seq, 3)
    assert sold.hold is not None
    assert (sold.levels[0].on_hand, sold.hold.lines[0].open) == (7 * ONE, 1 * ONE)
    assert (await company.release(held.hold.seq)).levels[0].available == 7 * ONE
    assert (await company.commit(held.hold.seq)).code == "reservation_closed"
    assert await company.faults() == []


async def test_sells_the_last_unit_once(company: Company) -> None:
    """Worked example E14: 100 race for one unit."""
    await company.receive(1)
    outcomes = await asyncio.gather(*[company.reserve(1, key=f"race-{n}") for n in range(100)])
    assert Counter(outcome.code for outcome in outcomes) == {"": 1, "insufficient_stock": 99}
    assert await company.count("stock_holds") == 1
    winner = next(outcome for outcome in outcomes if outcome.hold)
    assert winner.hold is not None
    assert (await company.release(winner.hold.seq)).levels[0].reserved == 0
    assert await company.faults() == []


async def test_gives_one_effect_and_equal_answers_to_one_key(company: Company) -> None:
    await company.receive(10)
    outcomes = await asyncio.gather(*[company.reserve(1, key="same") for _ in range(100)])
    assert {outcome.seq for outcome in outcomes} == {2}
    assert len({outcome.hold for outcome in outcomes if outcome.hold and not outcome.replayed}) == 1
    assert sum(not outcome.replayed for outcome in outcomes) == 1
    assert (await company.reserve(2, key="same")).code == "idempotency_key_reused"
    assert await company.count("stock_holds") == 1


async def test_remembers_refusals_under_their_key(company: Company) -> None:
    refused = await company.reserve(1, key="early")
    await company.receive(5)
    again = await company.reserve(1, key="early")
    assert (refused.code, again.code, again.replayed) == ("insufficient_stock", "insufficient_stock", True)
    assert (await company.reserve(1, key="late")).code == ""


async def test_keeps_many_items_and_callers_apart(company: Company) -> None:
    for item in range(5):
        await company.receive(20, item=item)
    outcomes = await asyncio.gather(*[company.reserve(1, item=n % 5) for n in range(150)])
    assert Counter(outcome.code for outcome in outcomes) == {"": 100, "insufficient_stock": 50}
    assert await company.faults() == []


async def test_counts_an_effective_time_beside_the_recorded_one(company: Company) -> None:
    outcome = await company.receive(3)
    row = outcome.rows[0]
    assert (row.effective_at_us, row.version, row.delta_on_hand, row.on_hand) == (row.recorded_at_us, 1, 3 * ONE, 3 * ONE)


async def test_says_on_every_row_for_whom_it_was_promised(company: Company) -> None:
    await company.receive(5)
    head = {**company.head("", "reserve"), "reference": "SO-118"}
    held = await company.submit(Reserve(**head, lines=(company.line(2),), hard=False, expires_in_us=SECOND * 60))
    assert held.hold is not None
    await company.commit(held.hold.seq)
    assert await company.references() == ["", "SO-118", "SO-118"]
