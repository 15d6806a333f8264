"""Whether whoever opened a feed may still have it: looked at again while the feed is open."""

from __future__ import annotations

import time

from tenants.callers import Callers
from tenants.messages import Caller

CHECK_S = 20.0
"""What another process revoked loses its feeds within 30 s (api.md): this much, and the time a look takes."""


class Standing:
    """One open feed's caller."""

    def __init__(self, callers: Callers, caller: Caller, permission: str) -> None:
        self.caller = caller
        self._callers = callers
        self._permission = permission
        self._looked_at = time.monotonic()
        self._changes = callers.changes(caller)

    async def holds(self) -> bool:
        """False once the session or key has ended or the role may no longer see this. Looks now and then, and at once when this
        process was told that something changed."""
        changes = self._callers.changes(self.caller)
        if changes == self._changes and time.monotonic() - self._looked_at < CHECK_S:
            return True
        self._looked_at, self._changes = time.monotonic(), changes
        found = await self._callers.again(self.caller)
        if found is None or not found.actor.may(self._permission):
            return False
        self.caller = found
        return True
