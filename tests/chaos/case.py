"""Cases: a fault from the catalogue, done to real parts under load. Each ends with the full verification, the check of what
clients were told, and a look for processes that outlived it."""

from __future__ import annotations

import asyncio
import secrets
import time
import traceback
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any, TypeVar

from actors.desk import Desk
from tests.actors.conftest import found
from tests.chaos.history import History
from tests.chaos.load import Shop, desk
from tests.chaos.owners import Owner, survivors
from tests.chaos.places import Place
from tests.chaos.proxy import Proxy

Size = TypeVar("Size")
QUICK_S = 50.0
"""Longest a case may take in the size of the tests, which end what takes two minutes."""
JUDGEMENT_S = 60.0


class Run:
    """One case at work: what it has started, and its shops."""

    def __init__(self, place: Place, full: bool, seed: int) -> None:
        self.place = place
        self.seed = seed
        self.mark = secrets.token_hex(8)
        self.facts: dict[str, Any] = {}
        self.shops: list[Shop] = []
        self.started = AsyncExitStack()
        self._full = full

    def size(self, quick: Size, full: Size) -> Size:
        """How much of it: in the tests, and by `make chaos`."""
        return full if self._full else quick

    async def proxy(self) -> Proxy:
        """A proxy before Postgres."""
        return await self._proxy(Proxy(*self.place.address))

    async def proxy_before(self, owner: Owner) -> Proxy:
        """A proxy between desks and an owner."""
        return await self._proxy(Proxy("127.0.0.1", owner.port, postgres=False))

    async def owner(self, number: int = 0, shards: int = 1, url: str = "", kept: bool = False, **options: Any) -> Owner:
        """A host process: one plain shard, or with `ray=True` a cluster of all of them."""
        log = self.place.var / "log" / f"owner-{self.mark}.log"
        made = Owner.at(url or self.place.database.engine, self.mark, log, kept, number=number, shards=shards, **options)
        await made.start()
        self.started.push_async_callback(made.stop)
        return made

    async def shop(self, *owners: Owner, at: Desk | None = None, items: int = 12, qty: int = 60) -> Shop:
        """A new company with stock, whose clients ask these owners: one for each shard."""
        through = at or desk([owner.transport() for owner in owners])
        company = await found(self.place.database, through, items)
        shop = Shop(company, through, History(), self.place.database.admin)
        self.shops.append(shop)
        if qty:
            await shop.stock_up(qty)
        return shop

    async def broken(self) -> list[str]:
        """What does not hold in any shop of the case."""
        return [line for shop in self.shops for line in await shop.broken()]

    def sum_up(self) -> None:
        """Add to the facts what the clients saw."""
        ops = [op for shop in self.shops for op in shop.history.ops.values()]
        self.facts |= {"commands": len(ops), "sent again": sum(op.unknown for op in ops)}

    async def _proxy(self, proxy: Proxy) -> Proxy:
        await proxy.start()
        self.started.push_async_callback(proxy.close)
        return proxy


@dataclass(frozen=True, slots=True)
class Case:
    """A fault by its number in the catalogue. `limit_s` bounds it in its full size."""

    number: str
    title: str
    limit_s: float
    quick: bool
    inject: Callable[[Run], Awaitable[None]]


@dataclass(slots=True)
class Result:
    """What became of a case. `broken` is empty when everything held."""

    number: str
    title: str
    seconds: float = 0.0
    broken: list[str] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)


CASES: list[Case] = []


def case(number: str, title: str, limit_s: float = 60.0, quick: bool = True) -> Callable[[Callable[[Run], Awaitable[None]]], Case]:
    """Enter a function in the catalogue. `quick` cases run with the tests too, in a smaller size."""

    def enter(inject: Callable[[Run], Awaitable[None]]) -> Case:
        made = Case(number, title, limit_s, quick, inject)
        CASES.append(made)
        return made

    return enter


async def carry_out(case: Case, place: Place, full: bool, seed: int) -> Result:
    """Inject the fault, verify, take everything down, and look for survivors."""
    run = Run(place, full, seed)
    result = Result(case.number, case.title, facts=run.facts)
    began = time.monotonic()
    limit_s = case.limit_s if full else QUICK_S
    try:
        async with asyncio.timeout(limit_s + JUDGEMENT_S), run.started:
            async with asyncio.timeout(limit_s):
                await case.inject(run)
            result.broken += await run.broken()
    except Exception:
        result.broken.append(traceback.format_exc())
    run.sum_up()
    await _hush()
    result.broken += [f"process {pid} outlived the case" for pid in await survivors(run.mark)]
    result.seconds = round(time.monotonic() - began, 1)
    return result


async def _hush() -> None:
    """End what desks are still trying to tell owners that are gone. Each try that ends may begin another."""
    while others := asyncio.all_tasks() - {asyncio.current_task()}:
        for task in others:
            task.cancel()
        await asyncio.wait(others)
