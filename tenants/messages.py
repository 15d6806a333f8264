"""What people ask of this package, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass, field

from tenants.domain import Actor, Role, Tenant


@dataclass(frozen=True, slots=True)
class NewCompany:
    """A company to be founded."""

    slug: str
    name: str
    time_zone: str
    language: str
    currency: str
    plan: str


@dataclass(frozen=True, slots=True)
class NewUser:
    """A person to be added to a company."""

    name: str
    email: str
    password: str = field(repr=False)
    role: Role


@dataclass(frozen=True, slots=True)
class NewKey:
    """An API key to be made: `days` until it ends, None for never."""

    name: str
    role: Role
    days: int | None = None


@dataclass(frozen=True, slots=True)
class Visitor:
    """The browser somebody came with: the session it brought, if any (it ends when a new one begins), what it is and from where."""

    cookie: str | None = field(default=None, repr=False)
    device: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class SignIn:
    """A person at the door."""

    slug: str
    email: str
    password: str = field(repr=False)
    cookie: str | None = field(default=None, repr=False)
    device: str = ""
    address: str = ""

    @property
    def visitor(self) -> Visitor:
        """The browser they came with."""
        return Visitor(self.cookie, self.device, self.address)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is asking, of which company, and the hash of what proved it (a session or an API key)."""

    tenant: Tenant
    actor: Actor
    proof: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """An opened session: its caller, and the cookie to give out."""

    caller: Caller
    cookie: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class CodeWanted:
    """The password was right, and a code is asked for as well. Opens nothing; `stamp` changes with the password."""

    slug: str
    principal_id: int
    stamp: str
