"""Playing the events: as many at once as causes allow, each in its warehouse's till.

An event waits for the events before it that touch the same item in the same warehouse, and for nothing else. So a return never
overtakes the sale before it, every sale finds the stock that the opening was worked out for, and the result is the same however
fast it goes. Events are *done* when everything before them is done too: that is where an interrupted replay goes on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from app.sales.plan import Cell, Event, Plan
from app.sales.rest import Stuck, detail
from app.sales.sorting import Fate
from app.sales.till import Answer, Till
from kit.clock import SECOND

WINDOW = 60
"""Events under way in one till; each has one command under way, and the server takes 64 of a connection."""
FINISH_S = 3.5
"""How long a stopped replay waits for what is under way: less than `onhand run` waits for it."""
_DAY_US = 86_400 * SECOND

Json = dict[str, Any]
Happened = Callable[[Event], None]


class Play:
    """One pass over a plan's events, from `done` on. `refused` holds the events that were refused, with the reason."""

    def __init__(
        self, plan: Plan, tills: Mapping[str, Till], done: int = 0, refused: Mapping[int, str] | None = None, days_per_second: float = 0.0
    ) -> None:
        self.done = done
        self.refused = dict(refused or {})
        self._plan = plan
        self._tills = tills
        self._days_per_second = days_per_second
        self._room = {warehouse: asyncio.Semaphore(WINDOW) for warehouse in tills}
        self._last: dict[Cell, asyncio.Task[None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._finished: set[int] = set()
        self._launch: asyncio.Task[None] | None = None
        self._problem: BaseException | None = None
        self._stopped = False

    async def run(self, happened: Happened) -> bool:
        """Play to the end: True; or until stopped: False. `happened` is called for each finished event. Raises Stuck."""
        self._launch = asyncio.create_task(self._start_all(happened))
        await asyncio.wait([self._launch])
        if not self._launch.cancelled() and (problem := self._launch.exception()):
            self._problem = self._problem or problem
        hurry = self._stopped or self._problem is not None
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=FINISH_S if hurry else None)
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._problem is not None:
            raise self._problem
        return self.done == len(self._plan.events)

    def stop(self) -> None:
        """Begin nothing more; `run` returns when what is under way is done."""
        self._stopped = True
        if self._launch is not None:
            self._launch.cancel()

    async def _start_all(self, happened: Happened) -> None:
        events, loop = self._plan.events, asyncio.get_running_loop()
        began, first = loop.time(), self.done
        for number in range(first, len(events)):
            event = events[number]
            if self._days_per_second:
                due = began + (event.at_us - events[first].at_us) / _DAY_US / self._days_per_second
                if due > loop.time():
                    await asyncio.sleep(due - loop.time())
            await self._room[event.warehouse].acquire()
            self._start(number, event, happened)

    def _start(self, number: int, event: Event, happened: Happened) -> None:
        before = {task for cell in event.cells if (task := self._last.get(cell)) and not task.done()}
        task = asyncio.create_task(self._happen(number, event, before))
        for cell in event.cells:
            self._last[cell] = task
        self._tasks.add(task)
        task.add_done_callback(lambda task: self._over(number, event, task, happened))

    def _over(self, number: int, event: Event, task: asyncio.Task[None], happened: Happened) -> None:
        self._tasks.discard(task)
        self._room[event.warehouse].release()
        if task.cancelled():
            return
        if task.exception() is not None:
            self._problem = self._problem or task.exception()
            if self._launch is not None:
                self._launch.cancel()
            return
        self._finished.add(number)
        while self.done in self._finished:
            self._finished.discard(self.done)
            self.done += 1
        happened(event)

    async def _happen(self, number: int, event: Event, before: set[asyncio.Task[None]]) -> None:
        if before:
            await asyncio.wait(before)
            if any(task.cancelled() or task.exception() is not None for task in before):
                raise asyncio.CancelledError
        await (self._sell(number, event) if event.fate is Fate.SALE else self._move(number, event))

    async def _sell(self, number: int, event: Event) -> None:
        """An invoice is one firm reservation with its lines, then committed: paid goods are not held for a while."""
        lines = [{"sku": sku, "warehouse": event.warehouse, "qty": str(pieces)} for sku, pieces in event.lines]
        body = {"lines": lines, "reference": event.invoice, "hold": "hard", "effective_at": event.effective_at}
        answer = await self._do(number, event, "reserve", "reserve", body)
        if answer.done:
            sold = {"reservation": answer.body["reservation"]["id"], "effective_at": event.effective_at}
            await self._do(number, event, "commit", "commit", sold)

    async def _move(self, number: int, event: Event) -> None:
        """A return is received, a write-off is an adjustment with what the export says about it."""
        said: Json = {"reference": event.invoice, "effective_at": event.effective_at}
        if event.fate is Fate.CANCELLATION:
            said["lines"] = [{"sku": sku, "warehouse": event.warehouse, "qty": str(pieces)} for sku, pieces in event.lines]
            await self._do(number, event, "receive", "return", said | {"reason": "return"})
        else:
            said["lines"] = [{"sku": sku, "warehouse": event.warehouse, "delta": str(-pieces)} for sku, pieces in event.lines]
            await self._do(number, event, "adjust", "write-off", said | {"reason": f"write-off: {event.why}" if event.why else "write-off"})

    async def _do(self, number: int, event: Event, verb: str, word: str, body: Json) -> Answer:
        """One command of an event, under the key of its word. A refusal is noted as "verb: code"."""
        answer = await self._tills[event.warehouse].do(verb, event.key(self._plan.digest, word), body)
        if not answer.done:
            code = str(answer.body.get("code", answer.status))
            if code == "idempotency_key_reused":
                raise Stuck(f"{event.invoice} was sent before with other content: {detail(answer.body)}")
            self.refused[number] = f"{verb}: {code}"
        return answer
