"""What a job is, what it is given, and how it says no."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from time import monotonic
from typing import Any, TypeAlias

import asyncpg

from jobs.anchors import Anchors
from jobs.schedule import Rhythm
from tenants.entry_store import NOBODYS

Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"
UNREACHABLE = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)


class Failed(Exception):
    """A job could not do all of it. `reason` is a word for pages; the text is for whoever runs the system."""

    reason = "fault"


class Stopped(Exception):
    """The runner was told to stop: the job ended after a batch, and goes on from its place another time."""


class Lost(Exception):
    """The run's lease ran out and somebody else may be at it."""


@dataclass(frozen=True, slots=True)
class Means:
    """What jobs work with. `anchors` gives the anchors as they are now; `share` is the part of its time that proving may take."""

    pool: Pool
    anchors: Callable[[], Awaitable[Anchors]]
    replies_kept: timedelta
    share: float


@dataclass(slots=True)
class Run:
    """One run of a job, as the job sees it: its means, where the run before it was stopped, and whom to tell how far it is."""

    means: Means
    place: Any
    stopping: asyncio.Event
    report: Callable[[Run], Awaitable[None]]
    total: Counter[str] = field(default_factory=Counter)
    news: dict[int, Counter[str]] = field(default_factory=dict)

    @property
    def pool(self) -> Pool:
        return self.means.pool

    def did(self, tenant: int, **counts: int) -> None:
        """Count what was done for a company; it is written down with the next `reached`. What is nobody's is only counted."""
        self.total.update(counts)
        if tenant != NOBODYS:
            self.news.setdefault(tenant, Counter()).update(counts)

    async def reached(self, place: Any) -> None:
        """A batch is done, and this is where the next one begins. Raises Stopped when there should be no next one, and Lost when the
        lease is gone."""
        self.place = place
        await self.report(self)
        if self.stopping.is_set():
            raise Stopped

    async def rest(self, seconds: float) -> None:
        """Wait, or less when told to stop."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self.stopping.wait(), seconds)

    async def rest_after(self, began: float) -> None:
        """Wait as long as the share of time asks for after work that began at this `monotonic`."""
        await self.rest((monotonic() - began) * (1 / self.means.share - 1))


@dataclass(frozen=True, slots=True)
class Job:
    """A job: its name, when it runs, how soon after it began a person may have it run again, and what it does.

    `needs_anchors`: only where the anchors are, beside the watch.
    """

    name: str
    rhythm: Rhythm
    rest: timedelta
    work: Callable[[Run], Awaitable[None]]
    needs_anchors: bool = False
