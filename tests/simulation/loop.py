"""A deterministic event loop: virtual time, and of all callbacks that are ready the seed chooses which runs next.

asyncio promises its callbacks no order between tasks; this loop takes that at its word at every await point. A `Process`
is what dies, hangs and resumes together: everything that was started in its context, found again by a context variable.
"""

from __future__ import annotations

import asyncio
import heapq
import zlib
from collections.abc import Callable, Coroutine
from contextvars import Context, ContextVar, copy_context
from random import Random
from typing import Any

_PROCESS: ContextVar[Process | None] = ContextVar("process", default=None)
Ready = tuple[asyncio.Handle, "Process | None"]


class Process:
    """Something with a life of its own. While it hangs, what it would run is kept; a dead process hangs for ever."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.held: list[Ready] | None = None
        self.context: Context = copy_context()
        self.context.run(_PROCESS.set, self)

    @property
    def hangs(self) -> bool:
        """True from `hang` to `resume`."""
        return self.held is not None

    def hang(self) -> None:
        """Run nothing more for now: a crash, a SIGSTOP or a long pause, as seen from outside."""
        if self.held is None:
            self.held = []

    def resume(self, loop: SimulatedLoop) -> None:
        """Go on as if nothing had happened."""
        held, self.held = self.held or [], None
        loop.ready.extend(held)


class SimulatedLoop(asyncio.AbstractEventLoop):
    """As much of an event loop as the engine uses: callbacks, timers, futures, tasks. No sockets, no threads."""

    def __init__(self, random: Random) -> None:
        self.ready: list[Ready] = []
        self.steps = 0
        self.trace = 0
        self.problems: list[dict[str, Any]] = []
        self._random = random
        self._time = 0.0
        self._timers: list[tuple[float, int, asyncio.TimerHandle, Process | None]] = []
        self._timer_count = 0
        self._tasks: list[asyncio.Task[Any]] = []  # also those of dead processes, so that nothing of them is collected
        self._closed = False

    def step(self) -> bool:
        """Run one callback; False when there is nothing left to run, now or later."""
        while True:
            if not self.ready and not self._timers:
                return False
            if not self.ready:
                self._time = max(self._time, self._timers[0][0])
            self._fall_due()
            handle, process = self._choose()
            if handle.cancelled():
                continue
            if process is not None and process.held is not None:
                process.held.append((handle, process))
                continue
            self.steps += 1
            handle._run()
            return True

    def run(self, steps: int) -> None:
        """Run at most so many steps."""
        asyncio._set_running_loop(self)
        try:
            end = self.steps + steps
            while self.steps < end and self.step():
                pass
        finally:
            asyncio._set_running_loop(None)

    def close(self) -> None:
        """Cancel what is left and let it end, so that nothing outlives the world. Every process must have been resumed."""
        self._closed = True
        for task in self._tasks:
            task.cancel()
        self.run(100_000)

    def time(self) -> float:
        return self._time

    def call_soon(self, callback: Callable[..., object], *args: Any, context: Context | None = None) -> asyncio.Handle:
        handle = asyncio.Handle(callback, args, self, context)
        self.ready.append((handle, _process_of(context)))
        return handle

    def call_later(self, delay: float, callback: Callable[..., object], *args: Any, context: Context | None = None) -> asyncio.TimerHandle:
        return self.call_at(self._time + delay, callback, *args, context=context)

    def call_at(self, when: float, callback: Callable[..., object], *args: Any, context: Context | None = None) -> asyncio.TimerHandle:
        handle = asyncio.TimerHandle(when, callback, args, self, context)
        self._timer_count += 1
        heapq.heappush(self._timers, (when, self._timer_count, handle, _process_of(context)))
        return handle

    def create_future(self) -> asyncio.Future[Any]:
        return asyncio.Future(loop=self)

    def create_task(self, coro: Coroutine[Any, Any, Any], *, name: str | None = None, context: Context | None = None) -> asyncio.Task[Any]:
        task = asyncio.Task(coro, loop=self, name=name, context=context)
        self._tasks.append(task)
        if self._closed:
            task.cancel()
        return task

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        if not self._closed:
            self.problems.append(context)

    def get_debug(self) -> bool:
        return False

    def is_running(self) -> bool:
        return True

    def is_closed(self) -> bool:
        return False

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """Cancelled timers are skipped when they fall due."""

    def _fall_due(self) -> None:
        while self._timers and self._timers[0][0] <= self._time:
            _, _, handle, process = heapq.heappop(self._timers)
            self.ready.append((handle, process))

    def _choose(self) -> Ready:
        ready = self.ready
        index = int(self._random.random() * len(ready))
        self.trace = zlib.crc32(b"%d %d %f" % (index, len(ready), self._time), self.trace)
        ready[index], ready[-1] = ready[-1], ready[index]
        return ready.pop()


def _process_of(context: Context | None) -> Process | None:
    return _PROCESS.get() if context is None else context.get(_PROCESS)
