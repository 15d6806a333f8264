"""Who may call a route: each one says so itself, and an app with a silent route does not start.

Order of the checks: who is it (401) → is it their company (404, as if it were not there) → may they (403).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlsplit

from quart import Quart, Response, current_app, g, request, url_for, websocket
from quart.typing import ResponseReturnValue

from events import origin
from inventory.context import Context
from kit.errors import Refused, refuse
from tenants.domain import owes_second_factor
from tenants.messages import Caller
from web import respond, session
from web.limits import HELD_BACK_S, Spent
from web.wiring import Parts, parts

_View = TypeVar("_View", bound=Callable[..., Any])
_PUBLIC = ""
ANYONE_HERE = "*"
"""The permission of routes for every caller of the tenant, whatever their role."""
ENROLLING = "+"
"""The same for those, too, who have to add a second factor before anything else."""
_MARK = "onhand_permission"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def allow(permission: str) -> Callable[[_View], _View]:
    """The route is for callers of its tenant whose role has the permission."""

    def mark(view: _View) -> _View:
        setattr(view, _MARK, permission)
        return view

    return mark


def public(view: _View) -> _View:
    """The route is for everyone; it learns nothing of the caller unless it asks `whoever()`."""
    setattr(view, _MARK, _PUBLIC)
    return view


def ctx() -> Context:
    """The caller's context in a route marked with `allow`."""
    found: Context = g.ctx
    return found


def caller() -> Caller:
    """The caller in a route marked with `allow`."""
    found: Caller = g.caller
    return found


async def whoever() -> Caller | None:
    """The person of the session cookie, if any: for public pages that greet those who are signed in."""
    cookie = session.session_cookie()
    found = await parts().callers.of_session(cookie) if cookie else None
    g.caller = found
    return found


def install(app: Quart) -> None:
    """Guard every route of the app. Call `check` when all routes are there."""
    app.before_request(_guard_request)
    app.before_websocket(_guard_websocket)


def check(app: Quart) -> None:
    """Fail unless every route says who may call it."""
    silent = sorted({rule.endpoint for rule in app.url_map.iter_rules() if permission_of(app, rule.endpoint) is None})
    if silent:
        raise AssertionError(f"say @allow(…) or @public at: {', '.join(silent)}")


def permission_of(app: Quart, endpoint: str) -> str | None:
    """The permission of a route: empty for a public one, None where it does not say."""
    return getattr(app.view_functions[endpoint], _MARK, None)


async def _guard_request() -> ResponseReturnValue | None:
    origin.arrive(request.remote_addr)
    permission = permission_of(current_app, request.endpoint) if request.endpoint else _PUBLIC
    if not permission:
        return None
    key = bearer(request.headers.get("Authorization"))
    slug = _slug(request.view_args)
    g.caller = await parts().callers.of_bearer(key, slug) if key is not None else await whoever()
    if g.caller is None:
        return _ask_to_sign_in()
    try:
        g.ctx = entered(parts(), g.caller, slug, permission, request.remote_addr)
    except Refused as refused:
        if refused.refusal.code != "second_factor_wanted" or respond.wants_problem():
            raise
        return respond.see_other(url_for("second_factor.show", tenant=g.caller.tenant.slug))
    if request.method not in SAFE:
        if key is None:
            await require_same_site()
        g.spent = parts().limits.mutation(g.caller.tenant.id, g.caller.actor.principal_id)
        await must_be_allowed(g.spent)
    return None


async def _guard_websocket() -> None:
    """A socket brings a key, or a ticket where it cannot: a cookie would be sent from any site."""
    permission = permission_of(current_app, websocket.endpoint) if websocket.endpoint else _PUBLIC
    if not permission:
        return
    slug = _slug(websocket.view_args) or ""
    key, ticket = bearer(websocket.headers.get("Authorization")), websocket.args.get("ticket")
    if key is not None:
        g.caller = await parts().callers.of_bearer(key, slug)
    else:
        _require_own_origin(websocket.headers.get("Origin"), websocket.host)
        g.caller = await parts().callers.of_ticket(slug, ticket) if ticket else None
    if g.caller is None:
        raise refuse("not_signed_in")
    g.ctx = entered(parts(), g.caller, slug, permission, websocket.remote_addr)


def entered(parts: Parts, who: Caller, slug: str | None, permission: str, address: str | None) -> Context:
    """The hands of a caller in the company of the address, if it is theirs (404) and their role may (403). Facts that they leave
    will tell where they came from."""
    origin.arrive(address, who.proof)
    if slug is not None and slug != who.tenant.slug:
        raise refuse("not_found")
    if permission != ENROLLING and owes_second_factor(who.tenant, who.actor):
        raise refuse("second_factor_wanted")
    wiring = parts.wiring
    context = Context(who.tenant, who.actor, wiring.stock, wiring.engine, wiring.clock, wiring.relay.changed)
    if permission not in (ANYONE_HERE, ENROLLING):
        context.permit(permission)
    return context


async def must_be_allowed(spent: Spent) -> None:
    """Refuse what is over a limit, after a pause: who does not wait as told is slowed down instead of served quickly."""
    if not spent.allowed:
        await asyncio.sleep(HELD_BACK_S)
        raise refuse("rate_limited", retry_after_s=spent.retry_after_s)


async def require_same_site() -> None:
    """Refuse an unsafe request that another site may have made the browser send."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None and site not in ("same-origin", "none"):
        raise refuse("form_not_ours")
    if site is None:
        _require_own_origin(request.headers.get("Origin"), request.host)
    sent = request.headers.get("X-CSRF-Token") or (await request.form).get("_csrf")
    if not session.csrf_fits(sent):
        raise refuse("form_not_ours")


def _require_own_origin(origin: str | None, host: str) -> None:
    if origin is not None and urlsplit(origin).netloc != host:
        raise refuse("form_not_ours")


def _slug(view_args: dict[str, Any] | None) -> str | None:
    return (view_args or {}).get("tenant")


def bearer(header: str | None) -> str | None:
    """The key in an Authorization header: empty for another scheme, None when there is no such header."""
    if header is None:
        return None
    scheme, _, key = header.partition(" ")
    return key.strip() if scheme.lower() == "bearer" else ""


def _ask_to_sign_in() -> Response:
    if respond.wants_problem():
        raise refuse("not_signed_in")
    return respond.to_sign_in()
