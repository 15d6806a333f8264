"""Roles and what each may do. Permissions are named where the verb is; here stands who has them."""

from __future__ import annotations

import re
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


_SEE = frozenset({"catalog.read", "stock.read", "places.read"})
_PROMISE = frozenset({"stock.reserve", "stock.commit", "stock.release", "stock.extend", "stock.harden"})
_MOVE = frozenset({"stock.receive", "stock.issue", "stock.adjust", "stock.transfer"})
_EDIT = frozenset({"catalog.write", "places.write"})
_RULE = frozenset(
    {
        "people.read", "people.write", "keys.write", "audit.read", "stock.reconcile", "settings.read", "settings.write", "jobs.read",
        "jobs.run",
    }
)  # fmt: skip

PERMISSIONS: dict[Role, frozenset[str]] = {
    Role.SYSTEM: frozenset(),
    Role.ADMIN: _SEE | _PROMISE | _MOVE | _EDIT | _RULE,
    Role.MANAGER: _SEE | _PROMISE | _MOVE | _EDIT | {"people.read"},
    Role.INVENTORY: _SEE | _PROMISE | _MOVE,
    Role.OPERATOR: _SEE | _PROMISE | {"stock.issue"},
    Role.VIEWER: _SEE,
    Role.BILLING: frozenset({"settings.read"}),
    Role.SUPPLIER: frozenset(),
}
"""Who has which permission (sources: product.md, people; the stock ledger document's role list)."""


OF_WHOLE_COMPANY = _EDIT | _RULE
"""Permissions that cannot be limited to warehouses: items, places, people, keys and settings are the company's."""


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
    """

    principal_id: int
    kind: str
    label: str
    role: Role
    language: str | None = None
    choices: Choices = AS_THE_COMPANY
    warehouses: frozenset[int] | None = None

    def may(self, permission: str) -> bool:
        """True if the role grants the permission, and the grant does not stop at some warehouses."""
        return permission in PERMISSIONS[self.role] and (self.warehouses is None or permission not in OF_WHOLE_COMPANY)

    @property
    def permissions(self) -> list[str]:
        """All that they may do, by name."""
        return sorted(each for each in PERMISSIONS[self.role] if self.may(each))

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

_EMAIL = re.compile(r"[^\s@\x00-\x1f]{1,64}@[^\s@\x00-\x1f]+\.[^\s@.\x00-\x1f]+")
_CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)


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


def role_refusal(role: Role) -> Refusal | None:
    """Why a role cannot be given."""
    return Refusal("unknown_role", ({"field": "role"},)) if role is Role.SYSTEM else None
