"""What the web is given from outside, and the parts it makes of that for its handlers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from quart import current_app
from sqlalchemy.ext.asyncio import AsyncEngine

from billing.entitlements import may_add
from inventory.context import Stock
from kit.clock import Clock
from tenants.callers import Callers
from tenants.credentials import Passwords
from tenants.service import People
from tenants.sessions import Sessions
from web.limits import Limits

if TYPE_CHECKING:
    from events.feed import Feed
    from events.relay import Relay


class Wiring(Protocol):
    """The rest of the house as the web sees it. `environment` is `development` or `production`; `gauges` tells what the shards count."""

    @property
    def secret(self) -> str: ...
    @property
    def environment(self) -> str: ...
    @property
    def engine(self) -> AsyncEngine: ...
    @property
    def stock(self) -> Stock: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def feed(self) -> Feed: ...
    @property
    def relay(self) -> Relay: ...
    @property
    def gauges(self) -> Callable[[], list[dict[str, Any] | None]]: ...


@dataclass(frozen=True, slots=True)
class Parts:
    """What every handler may reach for, made once per app."""

    wiring: Wiring
    passwords: Passwords
    callers: Callers
    sessions: Sessions
    people: People
    limits: Limits


def make_parts(wiring: Wiring, passwords: Passwords | None = None) -> Parts:
    """Parts on top of the wiring. Tests hand in cheaper passwords."""
    passwords = passwords or Passwords()
    callers = Callers(wiring.engine, wiring.clock, tell=wiring.relay.revoked)
    wiring.relay.listen_revoked(callers.hear)
    return Parts(
        wiring,
        passwords,
        callers,
        Sessions(wiring.engine, passwords, callers, wiring.clock),
        People(wiring.engine, passwords, callers, wiring.clock, may_add),
        Limits(),
    )


def parts() -> Parts:
    """The parts of the app that serves the current request."""
    found: Parts = current_app.extensions["onhand"]
    return found
