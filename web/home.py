"""Which pages somebody's role opens to them, and at which of them they begin."""

from __future__ import annotations

from quart import current_app, url_for

from tenants.domain import Actor
from web.access import ANYONE_HERE, ENROLLING, permission_of

HOMES = ("dashboard.show", "settings.show", "account.show")
"""Where people begin: at the first of these that is open to them. The last one is open to everybody."""
_TO_ALL = ("", ANYONE_HERE, ENROLLING)


def opens(actor: Actor, endpoint: str) -> bool:
    """Whether somebody may come to a page."""
    permission = permission_of(current_app, endpoint)
    assert permission is not None, endpoint
    return permission in _TO_ALL or actor.may(permission)


def home(slug: str, actor: Actor) -> str:
    """The address of the page at which somebody of this company begins."""
    return url_for(next(each for each in HOMES if opens(actor, each)), tenant=slug)
