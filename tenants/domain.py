"""Roles and what each may do. Permissions are named where the verb is; here stands who has them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


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
_RULE = frozenset({"people.read", "people.write", "keys.write", "audit.read", "stock.reconcile", "settings.write"})

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


@dataclass(frozen=True, slots=True)
class Actor:
    """Who is asking: the principal, its kind and label, and its role at this moment."""

    principal_id: int
    kind: str
    label: str
    role: Role
    language: str | None = None

    def may(self, permission: str) -> bool:
        """True if the role grants the permission."""
        return permission in PERMISSIONS[self.role]


SYSTEM = Actor(0, "system", "Onhand", Role.SYSTEM)
"""Onhand itself: the sweeper's and the verifier's hand in the ledger."""
