"""What the web is given from outside, and the parts it makes of that for its handlers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from quart import current_app
from sqlalchemy.ext.asyncio import AsyncEngine

from billing.entitlements import may_add
from db.gcra import SharedGcra
from inventory.context import Stock
from kit.clock import Clock
from tenants.admission import Admission
from tenants.callers import Callers
from tenants.credentials import Passwords
from tenants.keys import Keys
from tenants.machines import Machines
from tenants.newcomers import Newcomers
from tenants.oidc import SingleSignOn
from tenants.outside import Outside
from tenants.providers import Providers
from tenants.seal import Seal
from tenants.service import People
from tenants.sessions import Sessions
from tenants.sso import SignOnSettings
from web.limits import Limits
from web.turnstile import Turnstile

if TYPE_CHECKING:
    from events.feed import Feed


BODY_MAX = 2**20
"""Bytes a request may have. A bulk of 500 commands has about 100 kB."""


class Wiring(Protocol):
    """The rest of the house as the web sees it. `environment` is `development` or `production`; `gauges` tells what the shards count;
    `shared_limits` is None where there is no Redis."""

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
    def shared_limits(self) -> SharedGcra | None: ...
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
    keys: Keys
    machines: Machines
    sign_on_settings: SignOnSettings
    sign_on: SingleSignOn
    limits: Limits
    turnstile: Turnstile


def make_parts(wiring: Wiring, passwords: Passwords | None = None) -> Parts:
    """Parts on top of the wiring. Tests hand in cheaper passwords."""
    passwords = passwords or Passwords()
    providers = Providers(Outside(strict=wiring.environment == "production"))
    callers = Callers(wiring.engine, wiring.clock, admit=Admission(wiring.engine, providers, wiring.clock).admit)
    sessions = Sessions(wiring.engine, passwords, callers, wiring.clock)
    newcomers, seal = Newcomers(wiring.engine, callers, wiring.clock, may_add), Seal(wiring.secret)
    return Parts(
        wiring,
        passwords,
        callers,
        sessions,
        People(wiring.engine, passwords, callers, wiring.clock, may_add),
        Keys(wiring.engine, callers, wiring.clock, may_add),
        Machines(callers, wiring.clock),
        SignOnSettings(providers, callers, seal),
        SingleSignOn(wiring.engine, providers, sessions, newcomers, wiring.clock, seal),
        Limits(),
        Turnstile(),
    )


def parts() -> Parts:
    """The parts of the app that serves the current request."""
    found: Parts = current_app.extensions["onhand"]
    return found
