"""What people ask of this package, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

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
    """A key to be made: `days` until it ends, None for never; `scopes` of its role's permissions, None for all; `warehouses`
    (id -> code) it is limited to, None for all. A `device` is a till: it stands in one warehouse."""

    name: str
    role: Role
    days: int | None = None
    kind: Literal["key", "device"] = "key"
    scopes: frozenset[str] | None = None
    warehouses: Mapping[int, str] | None = None


@dataclass(frozen=True, slots=True)
class MadeKey:
    """A key as it is given out, this once: `text` is the secret; of it only `prefix` is shown again."""

    id: int
    prefix: str
    text: str = field(repr=False)


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


@dataclass(frozen=True, slots=True)
class NewIssuer:
    """An issuer of programs' tokens to be trusted.

    `tenant_claim` must equal the company's slug; `roles` maps values of `role_claim` to roles; `scopes_claim`, where it is named,
    limits a token to the permissions in it. Without `jwks_url` the issuer's discovery document tells where its keys are.
    """

    issuer: str
    audience: str
    algorithm: str
    tenant_claim: str
    role_claim: str
    roles: Mapping[str, str]
    jwks_url: str | None = None
    scopes_claim: str | None = None


@dataclass(frozen=True, slots=True)
class NewProvider:
    """A company's identity provider. `client_secret` None keeps the one before, an empty one means a public client.

    `roles` maps groups to roles; who is in none of them gets `default_role`, or is refused where that is None.
    """

    name: str
    issuer: str
    client_id: str
    client_secret: str | None = field(repr=False)
    domains: tuple[str, ...]
    group_claim: str
    roles: Mapping[str, str]
    default_role: Role | None = None
    link_by_email: bool = False


@dataclass(frozen=True, slots=True)
class SignOnBegun:
    """A sign-in that goes to the provider: where to send the browser, and the cookie it must come back with."""

    url: str
    cookie: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SignOnAnswer:
    """What the provider sent the browser back with."""

    state: str
    code: str = field(default="", repr=False)
    issuer: str = ""
    error: str = ""
