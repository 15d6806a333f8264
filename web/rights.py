"""Roles and permissions in words: made of who has what (`tenants.domain`) and of what routes ask for (`web.access`)."""

from __future__ import annotations

from dataclasses import dataclass

from quart import Quart, current_app

from tenants.domain import EVERY_PERMISSION, NAMED_ONLY, OF_WHOLE_COMPANY, PERMISSIONS, ROLES_GIVEN
from web.access import ANYONE_HERE, ENROLLING, permission_of
from web.locale import gettext

DAYS_MAX = 3650


def _(text: str) -> str:
    return text


EXPLAINED: dict[str, str] = {
    "catalog.read": _("See items, units and prices"),
    "catalog.write": _("Add and change items, units and barcodes"),
    "stock.read": _("See stock, reservations, transfers and the ledger"),
    "places.read": _("See warehouses and locations"),
    "places.write": _("Open, change and close warehouses and locations"),
    "suppliers.read": _("See suppliers and what they offer"),
    "suppliers.write": _("Add and change suppliers and what they offer"),
    "purchasing.read": _("See purchase orders and receipts"),
    "purchasing.write": _("Draft orders, put them forward, send, close and cancel them"),
    "purchasing.approve": _("Approve and reject orders"),
    "purchasing.receive": _("Receive what was ordered, undo receipts, return goods"),
    "purchasing.over_receive": _("Take in more than was ordered"),
    "invoices.read": _("See invoices of suppliers"),
    "purchasing.invoice": _("Enter invoices of suppliers and approve what does not match"),
    "stock.reserve": _("Promise stock"),
    "stock.commit": _("Sell what was promised"),
    "stock.release": _("Give a promise back"),
    "stock.extend": _("Give a promise more time"),
    "stock.harden": _("Make a promise firm"),
    "stock.receive": _("Take stock in"),
    "stock.issue": _("Let stock leave without a promise"),
    "stock.adjust": _("Put stock right after a count"),
    "stock.transfer": _("Send stock between warehouses and take it in"),
    "stock.reconcile": _("Compare balances with the ledger and put them right"),
    "people.read": _("See who works here"),
    "people.write": _("Add people, change their roles, disable them"),
    "keys.write": _("Make and end keys, trust issuers of tokens"),
    "sso.write": _("Set up single sign-on and turn passwords off"),
    "audit.read": _("See who did what"),
    "jobs.read": _("See what runs in the background"),
    "jobs.run": _("Start a background job now"),
    "settings.read": _("See plan and settings"),
    "settings.write": _("Change the company's settings"),
}
"""Every permission in a sentence. A test holds it against the roles and the routes, so none is without words."""


@dataclass(frozen=True, slots=True)
class Right:
    """A permission, what it means, and who has it. `routes` counts the ways that ask for it."""

    name: str
    says: str
    roles: tuple[str, ...]
    whole_company: bool
    named_only: bool
    routes: int


def matrix() -> list[Right]:
    """Every permission by name."""
    app: Quart = current_app
    asked = [permission_of(app, rule.endpoint) for rule in app.url_map.iter_rules()]
    names = sorted(EVERY_PERMISSION | {each for each in asked if each and each not in (ANYONE_HERE, ENROLLING)})
    return [
        Right(
            name,
            gettext(EXPLAINED.get(name, name)),
            tuple(role.label for role in ROLES_GIVEN if name in PERMISSIONS[role]),
            name in OF_WHOLE_COMPANY,
            name in NAMED_ONLY,
            asked.count(name),
        )
        for name in names
    ]


def role_labels() -> list[str]:
    """Every role that can be given, the strongest first."""
    return [role.label for role in ROLES_GIVEN]
