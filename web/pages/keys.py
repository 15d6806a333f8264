"""Keys of programs and tills: their list, their form, and the one page that shows a secret."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from quart import Blueprint, Response, url_for
from quart_babel import gettext

from events.unit_of_work import UnitOfWork
from inventory.locations import queries as places
from kit.clock import from_us, rfc3339, to_us
from kit.errors import refuse
from tenants import queries
from tenants.domain import PERMISSIONS, Role
from tenants.messages import MadeKey, NewKey
from tenants.queries import Key
from web import asking, respond, rights
from web.access import allow, ctx
from web.forms import Form, refusals_of, typed
from web.once import Change, once
from web.places import codes_of, ids_of
from web.wiring import parts

pages = Blueprint("keys", __name__, url_prefix="/t/<tenant>/keys")

DAYS = ("30", "90", "365", "")
_HEADER = ("Name", "Kind", "Begins with", "Role", "Rights", "Warehouses", "State", "Used", "Ends", "Created", "By")
OVERLAPS = ("24", "168", "1", "0")


@pages.get("")
@allow("keys.write")
async def show_list(tenant: str) -> Response:
    """Every key, those that open something first."""
    async with ctx().reading() as connection:
        found = await queries.keys(connection, ctx().tenant.id)
    codes, now = await codes_of(ctx()), from_us(ctx().clock())
    shown = [_row(each, each.state(now), codes) for each in found]
    keys = sorted(shown, key=lambda each: each["state"] != "active")
    if asking.wants_csv():
        return respond.csv(f"keys-{tenant}", _HEADER, [_csv_row(each) for each in keys])
    return await respond.page("keys/list.html", keys=keys)


@pages.get("/new")
@allow("keys.write")
async def new(tenant: str) -> Response:
    """An empty form."""
    return await _form_page(Form({"kind": "key", "role": "operator", "days": "90"}))


@pages.post("/new")
@allow("keys.write")
async def create(tenant: str) -> Response:
    """A key is made. Its secret is on the page that answers, and on none after it."""
    form, made = await typed(), list[MadeKey]()
    with refusals_of(form):
        asked = await _asked(form)

        async def make(work: UnitOfWork) -> tuple[str, str]:
            made.append(await parts().keys.make_in(work, ctx().tenant, ctx().actor, asked))
            return _list_url(), gettext("The key is made. Its secret is shown this once.")

        return await _told_once(form, make, made)
    form.blame("", If_Match="")
    return await _form_page(form)


@pages.get("/<int:key>")
@allow("keys.write")
async def show(tenant: str, key: int) -> Response:
    """One key: replace its secret, or end it."""
    return await _key_page(Form({"overlap": OVERLAPS[0]}), key)


@pages.post("/<int:key>/rotate")
@allow("keys.write")
async def rotate(tenant: str, key: int) -> Response:
    """A new secret. The one before works for as long as was chosen."""
    form, made = await typed(), list[MadeKey]()
    with refusals_of(form):
        hours = int(form.choice("overlap", OVERLAPS))

        async def renew(work: UnitOfWork) -> tuple[str, str]:
            made.append(await parts().keys.rotate(work, ctx().tenant, ctx().actor, key, hours))
            return _list_url(), gettext("The key has a new secret. It is shown this once.")

        return await _told_once(form, renew, made)
    return await _key_page(form, key)


@pages.post("/<int:key>/revoke")
@allow("keys.write")
async def revoke(tenant: str, key: int) -> Response:
    """The key opens nothing any more."""
    form = await typed()
    with refusals_of(form):

        async def end(work: UnitOfWork) -> tuple[str, str]:
            await parts().keys.revoke(work, ctx().tenant, ctx().actor, key)
            return _list_url(), gettext("The key opens nothing any more.")

        return await once(form, end)
    return await _key_page(form, key)


async def _asked(form: Form) -> NewKey:
    role, kind = form.choice("role", tuple(rights.role_labels())), form.choice("kind", ("key", "device"))
    codes = [name.removeprefix("warehouse:") for name in form.values if name.startswith("warehouse:")]
    scopes = frozenset(name.removeprefix("scope:") for name in form.values if name.startswith("scope:"))
    days = form.choice("days", DAYS)
    warehouses = await ids_of(ctx(), codes) if codes else None
    named = (form.text("name", 80), Role[role.upper()], int(days) if days else None)
    return NewKey(*named, "device" if kind == "device" else "key", scopes or None, warehouses)


async def _told_once(form: Form, change: Change, made: list[MadeKey]) -> Response:
    """The page with the secret, the first time; a form that is sent again goes to the list."""
    response = await once(form, change)
    return await respond.page("keys/made.html", made=made[0]) if made else response


async def _form_page(form: Form) -> Response:
    async with ctx().reading() as connection:
        warehouses = await places.warehouses_of(connection, ctx().tenant.id)
    mine = ctx().actor.permissions
    scopes = [each for each in rights.matrix() if each.name in mine]
    may = [role for role in rights.role_labels() if PERMISSIONS[Role[role.upper()]] & mine]
    return await respond.page("keys/form.html", form.status, form=form, warehouses=warehouses, scopes=scopes, roles=may, days=DAYS)


async def _key_page(form: Form, key: int) -> Response:
    async with ctx().reading() as connection:
        found = await queries.key(connection, ctx().tenant.id, key)
    if found is None:
        raise refuse("not_found")
    row = _row(found, found.state(from_us(ctx().clock())), await codes_of(ctx()))
    return await respond.page("keys/one.html", form.status, form=form, key=row, overlaps=OVERLAPS)


def _row(key: Key, state: str, codes: Any) -> dict[str, Any]:
    """A key as pages show it: times in microseconds, warehouses by their codes."""
    moments = {name: getattr(key, name) for name in ("created_at", "used_at", "expires_at", "revoked_at", "old_until")}
    named = {name: getattr(key, name) for name in ("id", "kind", "name", "prefix", "role", "scopes", "made_by")}
    warehouses = None if key.warehouses is None else sorted(codes.get(each, "") for each in key.warehouses)
    return {**named, "state": state, "warehouses": warehouses, **{name: each and to_us(each) for name, each in moments.items()}}


def _csv_row(row: Mapping[str, Any]) -> tuple[object, ...]:
    used, ends, created = (rfc3339(row[name]) if row[name] else "" for name in ("used_at", "expires_at", "created_at"))
    rights_only, where = (" ".join(sorted(row[name] or ())) for name in ("scopes", "warehouses"))
    names = (row["name"], row["kind"], row["prefix"], row["role"])
    return (*names, rights_only, where, row["state"], used, ends, created, row["made_by"] or "")


def _list_url() -> str:
    return url_for("keys.show_list", tenant=ctx().tenant.slug)
