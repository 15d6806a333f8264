"""Hints that a ledger has grown: within this process at once, to other processes through Redis.

A hint only says that it is worth reading; whoever follows a ledger reads it by sequence and would find the rows without
any hint a second later.
"""

from __future__ import annotations

from collections.abc import Callable

import structlog

from db.broker import Broker

log = structlog.get_logger("events")

Listener = Callable[[int, int, int], None]
"""(tenant, part, seq)."""
_CHANNEL = "onhand:hint:"


class Relay:
    """Passes hints on. Neither `hint` nor `notify` ever waits or fails."""

    def __init__(self, redis_url: str | None, listening: bool = True) -> None:
        """Needs a running event loop. `listening=False` is for a process that only reports, like a shard."""
        self._listeners: list[Listener] = []
        self._broker = Broker(redis_url) if redis_url else None
        if self._broker is None:
            log.warning("no_redis", meaning="hints stay in this process; others look once a second")
        elif listening:
            self._broker.listen(_CHANNEL + "*", self._heard)

    def hint(self, tenant: int, part: int, seq: int) -> None:
        """Tell every process that the partition has reached `seq`."""
        self.notify(tenant, part, seq)
        if self._broker is not None:
            self._broker.publish(f"{_CHANNEL}{tenant}:{part}", str(seq))

    def notify(self, tenant: int, part: int, seq: int) -> None:
        """Tell the listeners of this process only."""
        for listener in self._listeners:
            listener(tenant, part, seq)

    def listen(self, listener: Listener) -> None:
        """Call `listener` for every hint, from here or elsewhere."""
        self._listeners.append(listener)

    async def close(self) -> None:
        """Stop listening to Redis."""
        if self._broker is not None:
            await self._broker.close()

    def _heard(self, channel: str, message: str) -> None:
        try:
            tenant, part = channel.removeprefix(_CHANNEL).split(":")
            self.notify(int(tenant), int(part), int(message))
        except ValueError:
            log.warning("strange_hint", channel=channel)
