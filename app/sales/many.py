"""Many requests at once: a few connections, each in a thread of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from threading import local
from typing import TypeVar

from app.sales.rest import Rest, Target

CONNECTIONS = 6
"""A few at once keep the server busy without queueing."""
Thing = TypeVar("Thing")
Made = TypeVar("Made")


def at_once(target: Target, things: Iterable[Thing], act: Callable[[Rest, Thing], Made], done: Callable[[Made], None]) -> None:
    """Do `act` for each of `things`, several at a time, and tell `done` of each in their order.

    The first problem, or Ctrl-C, ends it: what has begun is finished, the rest is not begun.
    """
    mine = local()

    def on_own_connection(thing: Thing) -> Made:
        if not hasattr(mine, "rest"):
            mine.rest = Rest(target)
        return act(mine.rest, thing)

    with ThreadPoolExecutor(CONNECTIONS) as threads:
        pending = [threads.submit(on_own_connection, thing) for thing in things]
        try:
            for each in pending:
                done(each.result())
        except BaseException:
            threads.shutdown(wait=False, cancel_futures=True)
            raise
