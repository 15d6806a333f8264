"""The generators: what they count, and from when."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from statistics import fmean
from typing import Any

from inventory.context import Unavailable
from loadtests.bench.load import Callers
from loadtests.bench.messages import LINES_MAX, Choose, Spread, chooser, order_items
from loadtests.bench.schedule import Flow, scheduled


def _answering(after_s: float, results: list[Any]) -> Any:
    """An `ask` whose answers come after a while, taken from the results in a circle."""
    asked = 0

    def ask() -> asyncio.Future[Any]:
        nonlocal asked
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Any] = loop.create_future()
        result = results[asked % len(results)]
        asked += 1
        loop.call_later(after_s, lambda: future.set_exception(result) if isinstance(result, Exception) else future.set_result(result))
        return future

    return ask


async def test_closed_loop_counts_done_and_refused_apart() -> None:
    turn = await Callers(_answering(0.001, [True, False]), bool).run(4, 0.2)
    assert turn.done > 0 and turn.failed > 0
    assert len(turn.took) == turn.done
    assert abs(turn.done - turn.failed) <= 4


async def test_open_loop_sends_on_time_whatever_the_answers_take() -> None:
    flow = await scheduled(_answering(0.3, [True]), bool, 200, 0.2)
    assert len(flow.arrivals) == 40
    assert flow.done_within() == 0  # all came after it was over
    assert min(arrival.took for arrival in flow.arrivals) >= 0.29


async def test_open_loop_counts_a_stall_from_when_a_command_was_due() -> None:
    stalled = asyncio.Event()

    def ask() -> asyncio.Future[bool]:
        future: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        if not stalled.is_set():
            stalled.set()
            time.sleep(0.2)  # the whole process stands still
        future.set_result(True)
        return future

    flow = await scheduled(ask, bool, 100, 0.2)
    assert len(flow.arrivals) == 20
    assert sum(flow.took()) > 1.0  # 0.2 + 0.19 + 0.18 …: everyone who would have come meanwhile felt it


async def test_open_loop_counts_who_was_turned_away() -> None:
    flow: Flow = await scheduled(_answering(0.0, [True, Unavailable("full")]), bool, 100, 0.2)
    assert (len(flow.arrivals), flow.turned_away) == (10, 10)


def test_chooses_hot_uniform_and_zipf() -> None:
    random.seed(7)
    items = list(range(100, 200))
    spreads: tuple[Spread, ...] = ("hot", "uniform", "zipf")
    drawn = {spread: _counted(chooser(items, spread)) for spread in spreads}
    assert drawn["hot"] == {100: 20_000}
    assert max(drawn["uniform"].values()) < 300
    assert drawn["zipf"][100] > 3_000 > drawn["zipf"][110] > drawn["zipf"][190] > 0


def _counted(choose: Choose) -> Counter[int]:
    return Counter(choose() for _ in range(20_000))


def test_draws_orders_of_four_lines_on_average_each_item_once() -> None:
    random.seed(7)
    orders = [order_items(chooser(list(range(1_000)), "uniform"), 1_000) for _ in range(300)]
    assert all(1 <= len(order) <= LINES_MAX and order == sorted(set(order)) for order in orders)
    assert 3.3 < fmean(map(len, orders)) < 4.7
