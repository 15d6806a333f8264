"""Whether whoever opened a feed may still have it: looked at again while the feed is open."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

import structlog

from tenants.callers import Callers
from tenants.messages import Caller

log = structlog.get_logger("web")

CHECK_S = 20.0
"""A revoked session or key loses its feeds within 30 s (api.md), even if no word of it comes: this much, what a look may be old
(`callers.REMEMBERED_S`), and the time it takes."""
AGAIN_S = 2.0
"""Until the next look after one that was not answered."""
SPREAD = 0.5
"""By how much of that some look earlier: feeds that were opened together, as after a fall, must not all look together for ever."""


class Standing:
    """One open feed's caller. While it is watched, word that the caller's rights have changed wakes the feed at once."""

    def __init__(self, callers: Callers, caller: Caller, permission: str) -> None:
        self.caller = caller
        self._callers = callers
        self._permission = permission
        self._look_at = _next_look()
        self._unwatch: Callable[[], None] | None = None

    def watch(self, wake: Callable[[], None]) -> None:
        """Call `wake` when `holds` should be asked before its time. Ends with `close`."""

        def doubted() -> None:
            self._look_at = 0.0
            wake()

        self.close()
        self._unwatch = self._callers.watch(self.caller, doubted)

    def close(self) -> None:
        """Watch no longer."""
        if self._unwatch is not None:
            self._unwatch()
            self._unwatch = None

    @property
    def due_s(self) -> float:
        """Seconds until `holds` wants to look again."""
        return max(0.0, self._look_at - time.monotonic())

    async def holds(self) -> bool:
        """False once the session or key has ended or the role may no longer see this. Looks only now and then."""
        if self.due_s > 0:
            return True
        self._look_at = _next_look()
        try:
            found = await self._callers.again(self.caller)
        except Exception as problem:  # whatever the database says: without it no row is shown either
            log.warning("standing_unknown", tenant=self.caller.tenant.id, problem=repr(problem))
            self._look_at = time.monotonic() + AGAIN_S
            return True
        if found is None or not found.actor.may(self._permission):
            return False
        if found.actor.warehouses != self.caller.actor.warehouses:
            return False  # what the feed leaves out was settled when it was opened: it is opened anew
        self.caller = found
        return True


def _next_look() -> float:
    return time.monotonic() + CHECK_S * (1 - SPREAD * random.random())
