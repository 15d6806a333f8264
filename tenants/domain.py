"""Roles and what each may do. Permissions are named where the verb is; here stands who has them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from zoneinfo import available_timezones

from kit.errors import Refusal
from kit.text import is_slug
from tenants.settings import AS_THE_COMPANY, NOTHING_CHOSEN, Choices, Settings
from tenants.settings import LANGUAGES as LANGUAGES


class Role(IntEnum):
    """A person's or key's role. The number is written on every ledger row, so numbers never change meaning."""

    SYSTEM = 0
    ADMIN = 1
    MANAGER = 2
    INVENTORY = 3
    OPERATOR = 4
    VIEWER = 5
    BILLING = 6
    SUPPLIER = 7

    @property
    def label(self) -> str:
        """The lower-case name used on the wire."""
        return self.name.lower()


_SEE = frozenset({"catalog.read", "stock.read", "places.read", "suppliers.read"})
_PROMISE = frozenset({"stock.reserve", "stock.commit", "stock.release", "stock.extend", "stock.harden"})
_MOVE = frozenset({"stock.receive", "stock.issue", "stock.adjust", "stock.transfer"})
_EDIT = frozenset({"catalog.write", "places.write", "suppliers.write"})
_BUY = frozenset(
    {"purchasing.write", "purchasing.approve", "purchasing.receive", "purchasing.over_receive", "purchasing.invoice", "invoices.read"}
)
_RULE = frozenset(
    {
        "people.read", "people.write", "keys.write", "sso.write", "audit.read", "stock.reconcile", "settings.read", "settings.write",
        "jobs.read", "jobs.run",
    }
)  # fmt: skip

PERMISSIONS: dict[Role, frozenset[str]] = {
    Role.SYSTEM: frozenset(),
    Role.ADMIN: _SEE | _PROMISE | _MOVE | _EDIT | _BUY | _RULE | {"purchasing.read"},
    Role.MANAGER: _SEE | _PROMISE | _MOVE | _EDIT | _BUY | {"people.read", "purchasing.read"},
    Role.INVENTORY: _SEE | _PROMISE | _MOVE | {"purchasing.read"},
    Role.OPERATOR: _SEE | _PROMISE | {"stock.issue"},
    Role.VIEWER: _SEE | {"purchasing.read"},
    Role.BILLING: frozenset({"settings.read", "invoices.read"}),
    Role.SUPPLIER: frozenset(),
}
"""Who has which permission (sources: product.md, people; the stock ledger document's role list)."""


OF_WHOLE_COMPANY = _EDIT | _RULE
"""Permissions that cannot be limited to warehouses: items, places, people, keys and settings are the company's."""
NAMED_ONLY = frozenset({"keys.write", "sso.write"})
"""What a program may do only if its scopes name it: whoever can make keys or change the door has more than a role's name tells."""
EVERY_PERMISSION = frozenset().union(*PERMISSIONS.values())
ROLES_GIVEN = tuple(role for role in Role if role is not Role.SYSTEM)
"""Roles that people and programs can have, the strongest first."""


@dataclass(frozen=True, slots=True)
class Tenant:
    """A company as every request carries it."""

    id: int
    slug: str
    name: str
    time_zone: str
    language: str
    currency: str
    plan: str
    settings: Settings = NOTHING_CHOSEN
    version: int = 1


@dataclass(frozen=True, slots=True)
class Actor:
    """Who is asking: the principal, its kind and label, and its role at this moment.

    `warehouses`: ids of those they are limited to, None for all. Whoever is limited decides nothing that concerns all of them.
    `scopes`: the permissions a program is limited to, None for all of its role. `second_factor`: a person shows more than a password.
    """

    principal_id: int
    kind: str
    label: str
    role: Role
    language: str | None = None
    choices: Choices = AS_THE_COMPANY
    warehouses: frozenset[int] | None = None
    scopes: frozenset[str] | None = None
    second_factor: bool = False

    def may(self, permission: str) -> bool:
        """True if the role grants the permission, and neither warehouses nor scopes stop it."""
        if permission not in PERMISSIONS[self.role] or (self.warehouses is not None and permission in OF_WHOLE_COMPANY):
            return False
        if self.scopes is None:
            return self.kind == "person" or permission not in NAMED_ONLY
        return permission in self.scopes

    @property
    def permissions(self) -> frozenset[str]:
        """All they may do."""
        return frozenset(each for each in PERMISSIONS[self.role] if self.may(each))

    def sees(self, warehouse_id: int) -> bool:
        """True if they have business in the warehouse."""
        return self.warehouses is None or warehouse_id in self.warehouses


SYSTEM = Actor(0, "system", "Onhand", Role.SYSTEM)
"""Onhand itself: the sweeper's and the verifier's hand in the ledger."""


PASSWORD_LENGTH_MIN = 10
"""ASVS 5.0 asks for 8 and recommends more; length is what counts, so nothing else is demanded."""
PASSWORD_LENGTH_MAX = 256
EMAIL_LENGTH_MAX = 254
TICKET_LIFE = timedelta(seconds=30)
MAPPED_MAX = 200
MAPPED_LENGTH_MAX = 200
"""Of one value that is mapped to a role: the name or number of a group."""

_EMAIL = re.compile(r"[^\s@\x00-\x1f]{1,64}@[^\s@\x00-\x1f]+\.[^\s@.\x00-\x1f]+")
_CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)


def owes_second_factor(tenant: Tenant, actor: Actor) -> bool:
    """Whether the company asks this person for a second factor that they have not added yet. Programs have none to add."""
    asked = tenant.settings.asks_second_factor(admin=actor.role is Role.ADMIN)
    return asked and actor.kind == "person" and not actor.second_factor


def session_is_open(settings: Settings, now: datetime, created_at: datetime, seen_at: datetime, expires_at: datetime) -> bool:
    """Whether a session may still be used. What the company has chosen since it began counts as well."""
    return now < min(expires_at, created_at + settings.session_longest, seen_at + settings.session_idle)


def normal_email(text: str) -> str:
    """The form in which an e-mail is stored and looked up."""
    return text.strip().lower()


def company_refusal(slug: str, name: str, time_zone: str, language: str, currency: str) -> Refusal | None:
    """Why a company cannot be founded with these data, all reasons at once."""
    wrong = [
        {"field": field}
        for field, fits in (
            ("slug", is_slug(slug)),
            ("name", bool(name.strip())),
            ("time_zone", time_zone in available_timezones()),
            ("language", language in LANGUAGES),
            ("currency", _CURRENCY.fullmatch(currency) is not None),
        )
        if not fits
    ]
    return Refusal("invalid_value", tuple(wrong)) if wrong else None


def user_refusal(name: str, email: str, password: str, role: Role) -> Refusal | None:
    """Why a person cannot be added with these data. The system's own role is nobody's."""
    if not name.strip():
        return Refusal("value_missing", ({"field": "name"},))
    return email_refusal(email) or password_refusal(password) or role_refusal(role)


def email_refusal(email: str) -> Refusal | None:
    """Why letters cannot be sent there."""
    fits = len(email) <= EMAIL_LENGTH_MAX and _EMAIL.fullmatch(email)
    return None if fits else Refusal("not_an_email", ({"field": "email"},))


def password_refusal(password: str) -> Refusal | None:
    """Why a password cannot be taken."""
    if len(password) < PASSWORD_LENGTH_MIN:
        return Refusal("password_too_short", ({"field": "password", "min": PASSWORD_LENGTH_MIN},))
    if len(password) > PASSWORD_LENGTH_MAX:
        return Refusal("password_too_long", ({"field": "password", "max": PASSWORD_LENGTH_MAX},))
    return None


def permission_refusal(by: Actor, permission: str) -> Refusal | None:
    """Why they may not do it."""
    return None if by.may(permission) else Refusal("not_allowed", facts={"permission": permission, "role": by.role.label})


def role_refusal(role: Role) -> Refusal | None:
    """Why a role cannot be given."""
    return Refusal("unknown_role", ({"field": "role"},)) if role is Role.SYSTEM else None


def key_refusal(
    by: Actor, kind: str, name: str, role: Role, scopes: frozenset[str] | None, warehouses: Mapping[int, str] | None
) -> Refusal | None:
    """Why `by` cannot make such a key: it does not fit, or it would have more rights than they have."""
    if not name.strip():
        return Refusal("value_missing", ({"field": "name"},))
    if kind == "device" and len(warehouses or ()) != 1:
        return Refusal("one_warehouse", ({"field": "warehouses"},))
    unknown = sorted((scopes or frozenset()) - PERMISSIONS[role])
    if unknown:
        return Refusal("unknown_scope", tuple({"field": "scopes", "scope": scope[:64], "role": role.label} for scope in unknown))
    if scopes is not None and not scopes:
        return Refusal("value_missing", ({"field": "scopes"},))
    limited = None if warehouses is None else frozenset(warehouses)
    more = sorted(Actor(0, kind, name, role, warehouses=limited, scopes=scopes).permissions - by.permissions)
    if more:
        return Refusal("more_rights_than_maker", ({"field": "role"},), {"more": more})
    return role_refusal(role)


def role_mapping_refusal(roles: Mapping[str, str]) -> Refusal | None:
    """Why what somebody else says (groups, values of a claim) cannot be mapped to roles like this."""
    if not roles:
        return Refusal("value_missing", ({"field": "roles"},))
    given = {role.label for role in ROLES_GIVEN}
    wrong = [label for value, label in roles.items() if label not in given or not 0 < len(value) <= MAPPED_LENGTH_MAX]
    if wrong or len(roles) > MAPPED_MAX:
        return Refusal("invalid_value", ({"field": "roles"},))
    return None


def strongest(roles: Iterable[Role]) -> Role | None:
    """Of several roles the one that counts; None when there are none."""
    return min((role for role in roles if role is not Role.SYSTEM), default=None)
