"""Word between processes: a ledger has grown, somebody's rights or a document have changed.

It is heard in this process at once, and in others through Redis.
A word only says that it is worth looking. Whoever follows a ledger reads it by sequence and would find the rows without any
hint a second later; whoever holds a line open looks at its caller again every few seconds anyway.
"""

from __future__ import annotations

from collections.abc import Callable

import structlog

from db.broker import Broker

log = structlog.get_logger("events")

Listener = Callable[[int, int, int], None]
"""(tenant, part, seq)."""
Revoked = Callable[[int, int], None]
"""(tenant, principal)."""
Changed = Callable[[int, str, int], None]
"""(tenant, thing, warehouse): `order/PO-1001`, and where it belongs."""
_PREFIX = "onhand:"
_HINT, _REVOKED, _CHANGED = "hint", "revoked", "changed"


class Relay:
    """Passes words on. Nothing here ever waits or fails."""

    def __init__(self, redis_url: str | None, listening: bool = True) -> None:
        """Needs a running event loop. `listening=False` is for a process that only reports, like a shard."""
        self._listeners: list[Listener] = []
        self._revoked: list[Revoked] = []
        self._changed: list[Changed] = []
        self._broker = Broker(redis_url) if redis_url else None
        if self._broker is None:
            log.warning("no_redis", meaning="hints stay in this process; others look once a second")
        elif listening:
            self._broker.listen(_PREFIX + "*", self._heard)

    def hint(self, tenant: int, part: int, seq: int) -> None:
        """Tell every process that the partition has reached `seq`."""
        self.notify(tenant, part, seq)
        self._publish(f"{_HINT}:{tenant}:{part}", str(seq))

    def notify(self, tenant: int, part: int, seq: int) -> None:
        """Tell the listeners of this process only."""
        for listener in self._listeners:
            listener(tenant, part, seq)

    def revoked(self, tenant: int, principal: int) -> None:
        """Tell every other process that a person's or key's rights have changed, or ended."""
        self._publish(f"{_REVOKED}:{tenant}:{principal}", "")

    def changed(self, tenant: int, thing: str, warehouse: int) -> None:
        """Tell every process that a document has changed. Whoever shows it looks again; it may be heard twice."""
        self._tell_changed(tenant, thing, warehouse)
        self._publish(f"{_CHANGED}:{tenant}:{thing}", str(warehouse))

    def listen(self, listener: Listener) -> None:
        """Call `listener` for every hint, from here or elsewhere."""
        self._listeners.append(listener)

    def listen_revoked(self, listener: Revoked) -> None:
        """Call `listener` when another process says that rights have changed."""
        self._revoked.append(listener)

    def listen_changed(self, listener: Changed) -> None:
        """Call `listener` when a document has changed, here or elsewhere."""
        self._changed.append(listener)

    async def close(self) -> None:
        """Stop listening to Redis."""
        if self._broker is not None:
            await self._broker.close()

    def _publish(self, channel: str, message: str) -> None:
        if self._broker is not None:
            self._broker.publish(_PREFIX + channel, message)

    def _tell_changed(self, tenant: int, thing: str, warehouse: int) -> None:
        for listener in self._changed:
            listener(tenant, thing, warehouse)

    def _heard(self, channel: str, message: str) -> None:
        try:
            word, tenant, whom = channel.removeprefix(_PREFIX).split(":")
            if word == _HINT:
                self.notify(int(tenant), int(whom), int(message))
            elif word == _REVOKED:
                for listener in self._revoked:
                    listener(int(tenant), int(whom))
            elif word == _CHANGED:
                self._tell_changed(int(tenant), whom, int(message))
        except ValueError:
            log.warning("strange_word", channel=channel)
