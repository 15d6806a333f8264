"""Words that a document has changed, for pages that are open: an event without an id, since nothing is resumed from it.

Losing one costs a page nothing but the moment: it looks again whenever its line comes back.
"""

from __future__ import annotations

from collections.abc import Callable

import orjson

from events.relay import Relay
from tenants.domain import Actor

NEEDED = {"order": "purchasing.read"}
"""Sort of document -> the permission that its readers have."""
WAITING_MAX = 100
"""Documents whose words wait for one reader. Further ones are dropped: a page that shows so many is asked for anyway."""


class Changes:
    """Passes words about documents on to the readers of their company in this process."""

    def __init__(self, relay: Relay) -> None:
        self._readers: dict[int, set[Inbox]] = {}
        relay.listen_changed(self._hear)

    def open(self, tenant: int, actor: Callable[[], Actor], nudge: Callable[[], None], wanted: bool = True) -> Inbox:
        """A place for what one reader hears, nothing unless `wanted`. `nudge` is called when there is something, `actor` tells who is
        reading now. Close it when done."""
        inbox = Inbox(actor, nudge, lambda: self._leave(tenant, inbox))
        if wanted:
            self._readers.setdefault(tenant, set()).add(inbox)
        return inbox

    def _leave(self, tenant: int, inbox: Inbox) -> None:
        readers = self._readers.get(tenant, set())
        readers.discard(inbox)
        if not readers:
            self._readers.pop(tenant, None)

    def _hear(self, tenant: int, thing: str, warehouse: int) -> None:
        for inbox in list(self._readers.get(tenant, ())):
            inbox.offer(thing, warehouse)


class Inbox:
    """Words that wait for one reader, one of each document."""

    def __init__(self, actor: Callable[[], Actor], nudge: Callable[[], None], close: Callable[[], None]) -> None:
        self.close = close
        self._actor = actor
        self._nudge = nudge
        self._things: dict[str, None] = {}

    def offer(self, thing: str, warehouse: int) -> None:
        """Keep the word, if the reader may know of such a document there."""
        needed, actor = NEEDED.get(thing.partition("/")[0]), self._actor()
        if needed is None or not actor.may(needed) or not actor.sees(warehouse) or len(self._things) >= WAITING_MAX:
            return
        self._things[thing] = None
        self._nudge()

    def taken(self) -> list[bytes]:
        """What waits, as events of the stream; nothing waits afterwards."""
        things, self._things = self._things, {}
        return [_event(*thing.split("/", 1)) for thing in things]


def _event(sort: str, name: str) -> bytes:
    return b"event: %s.changed\ndata: %s\n\n" % (sort.encode(), orjson.dumps({sort: name}))
