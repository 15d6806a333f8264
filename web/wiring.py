"""What the web is given from outside, and the parts it makes of that for its handlers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from quart import current_app
from sqlalchemy.ext.asyncio import AsyncEngine

from billing.entitlements import may_add
from db.gcra import SharedGcra
from inventory.context import Stock
from kit.clock import Clock
from tenants.account import Accounts
from tenants.admission import Admission
from tenants.callers import Callers
from tenants.company import Company
from tenants.credentials import Passwords
from tenants.invitations import Invitations
from tenants.keys import Keys
from tenants.machines import Machines
from tenants.mails import Post
from tenants.newcomers import Newcomers
from tenants.oidc import SingleSignOn
from tenants.outside import Outside
from tenants.privacy import Privacy
from tenants.providers import Providers
from tenants.resets import Resets
from tenants.seal import Seal
from tenants.second_factor import SecondFactors
from tenants.service import People
from tenants.sessions import Sessions
from tenants.sign_ups import SignUps
from tenants.sso import SignOnSettings
from tenants.staff import Staff
from web.changes import Changes
from web.letters import Transport, carrier
from web.limits import Limits
from web.turnstile import Turnstile

if TYPE_CHECKING:
    from events.feed import Feed
    from events.relay import Relay


BODY_MAX = 2**20
"""Bytes a request may have. A bulk of 500 commands has about 100 kB."""


class Wiring(Protocol):
    """The rest of the house as the web sees it. `environment` is `development` or `production`; `gauges` tells what the shards count,
    `run_jobs` runs the jobs that are due, for whoever shows the `jobs_token`. `shared_limits` is None where there is no Redis, `mail`
    where there is no mail server; links in letters begin with `public_url`."""

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
    def relay(self) -> Relay: ...
    @property
    def gauges(self) -> Callable[[], list[dict[str, Any] | None]]: ...
    @property
    def jobs_token(self) -> str | None: ...
    @property
    def run_jobs(self) -> Callable[[], Awaitable[Sequence[dict[str, Any]]]]: ...
    @property
    def mail(self) -> Transport | None: ...
    @property
    def mail_from(self) -> str: ...
    @property
    def public_url(self) -> str: ...
    @property
    def sign_up_open(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Parts:
    """What every handler may reach for, made once per app."""

    wiring: Wiring
    passwords: Passwords
    callers: Callers
    sessions: Sessions
    people: People
    company: Company
    privacy: Privacy
    keys: Keys
    machines: Machines
    sign_on_settings: SignOnSettings
    sign_on: SingleSignOn
    limits: Limits
    turnstile: Turnstile
    replenishing: Turnstile
    post: Post
    sign_ups: SignUps
    invitations: Invitations
    resets: Resets
    second_factors: SecondFactors
    accounts: Accounts
    staff: Staff
    changes: Changes


def make_parts(wiring: Wiring, passwords: Passwords | None = None) -> Parts:
    """Parts on top of the wiring. Tests hand in cheaper passwords."""
    passwords = passwords or Passwords()
    engine, clock = wiring.engine, wiring.clock
    providers = Providers(Outside(strict=wiring.environment == "production"))
    admission = Admission(engine, providers, clock)
    callers, seal = Callers(engine, clock, tell=wiring.relay.revoked, admit=admission.admit), Seal(wiring.secret)
    wiring.relay.listen_revoked(callers.hear)
    sessions = Sessions(engine, passwords, callers, clock)
    people = People(engine, passwords, callers, clock, may_add)
    newcomers = Newcomers(engine, callers, clock, may_add)
    post = Post(engine, clock, seal, carrier(wiring.mail, wiring.mail_from, wiring.public_url), wiring.environment == "development")
    return Parts(
        wiring,
        passwords,
        callers,
        sessions,
        people,
        Company(engine, callers),
        Privacy(engine, callers, clock),
        Keys(engine, callers, clock, may_add),
        Machines(callers, clock),
        SignOnSettings(providers, callers, seal),
        SingleSignOn(engine, providers, sessions, newcomers, clock, seal),
        Limits(),
        Turnstile(),
        Turnstile(in_hand_max=1),  # of a company's callers who wait for each other in the database, one holds a connection
        post,
        SignUps(engine, people, clock, post, wiring.sign_up_open),
        Invitations(engine, passwords, clock, post, may_add),
        Resets(engine, passwords, callers, clock, post),
        SecondFactors(engine, passwords, sessions, callers, clock, seal, post),
        Accounts(engine, passwords, sessions, callers, clock, post),
        Staff(callers, clock, may_add),
        Changes(wiring.relay),
    )


def parts() -> Parts:
    """The parts of the app that serves the current request."""
    found: Parts = current_app.extensions["onhand"]
    return found
