"""People: who is here, as what, where; inviting others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from quart import Blueprint, Response, request, url_for
from quart_babel import gettext
from sqlalchemy.ext.asyncio import AsyncConnection

from events.unit_of_work import UnitOfWork
from inventory.locations import queries as places
from inventory.locations.queries import Warehouse
from kit.clock import from_us, rfc3339, to_us
from kit.errors import refuse
from tenants.domain import LANGUAGES, Role
from tenants.invitations import NewInvitation
from tenants.queries import keys_left_by
from tenants.staff import Colleague, Wanted, colleagues, one
from web import asking, respond, visitors
from web.access import allow, ctx
from web.forms import Form, refusals_of, typed
from web.once import once
from web.pages.sign_up import has_outbox
from web.places import codes_of
from web.wiring import parts

pages = Blueprint("people", __name__, url_prefix="/t/<tenant>/people")

_HEADER = ("Name", "E-mail", "Role", "Warehouses", "Second factor", "State", "Last seen", "Created")
ROLES = tuple(role.label for role in Role if role is not Role.SYSTEM)


@pages.get("")
@allow("people.read")
async def show_list(tenant: str) -> Response:
    """Everyone, and who is invited."""
    async with ctx().reading() as connection:
        values: dict[str, Any] = {
            "people": await colleagues(connection, ctx().tenant.id),
            "invitations": await parts().invitations.listed(connection, ctx().tenant.id),
            "names": await _names(connection),
        }
    if asking.wants_csv():
        codes = await codes_of(ctx())
        return respond.csv(f"people-{tenant}", _HEADER, [_csv_row(each, codes) for each in values["people"]])
    return await respond.page("people/list.html", act=Form(), outbox=has_outbox(), **values)


@pages.get("/invite")
@allow("people.write")
async def new(tenant: str) -> Response:
    """Whom, and as what."""
    return await _invite_page(Form({"role": Role.OPERATOR.label, "language": ctx().tenant.language}))


@pages.post("/invite")
@allow("people.write")
async def invite(tenant: str) -> Response:
    """A letter goes out."""
    form = await typed()
    with refusals_of(form):
        email, role, language = form.text("email", 254), form.choice("role", ROLES), form.choice("language", LANGUAGES)
        warehouses = await _chosen(await _checked())
        visitors.knock(parts().limits.invitations_of_tenant, str(ctx().tenant.id))

        async def send(work: UnitOfWork) -> tuple[str, str]:
            asked = NewInvitation(email, Role[role.upper()], language, warehouses)
            sent = await parts().invitations.invite(work, ctx().tenant, ctx().actor, asked)
            return _url(), gettext("%(email)s is invited.", email=sent.email)

        return await once(form, send)
    return await _invite_page(form)


@pages.post("/invitations/resend")
@allow("people.write")
async def resend(tenant: str) -> Response:
    """A new letter with a new link."""
    form = await typed()
    number = form.whole("invitation")
    visitors.knock(parts().limits.invitations_of_tenant, str(ctx().tenant.id))

    async def send(work: UnitOfWork) -> tuple[str, str]:
        sent = await parts().invitations.resend(work, ctx().tenant, ctx().actor, number)
        return _url(), gettext("%(email)s is invited.", email=sent.email)

    return await once(form, send)


@pages.post("/invitations/revoke")
@allow("people.write")
async def revoke(tenant: str) -> Response:
    """The link opens nothing any more."""
    form = await typed()
    number = form.whole("invitation")

    async def withdraw(work: UnitOfWork) -> tuple[str, str]:
        await parts().invitations.revoke(work, ctx().tenant, ctx().actor, number)
        return _url(), gettext("The invitation was withdrawn.")

    return await once(form, withdraw)


@pages.get("/<int:number>")
@allow("people.write")
async def edit(tenant: str, number: int) -> Response:
    """One of them, to be changed."""
    async with ctx().reading() as connection:
        person = await one(connection, ctx().tenant.id, number)
    return await _person_page(Form({"role": person.role, "version": str(person.version)}), person)


@pages.post("/<int:number>")
@allow("people.write")
async def change(tenant: str, number: int) -> Response:
    """Another role, other warehouses, unless somebody changed them since the form was opened."""
    form = await typed()
    with refusals_of(form):
        role, version, warehouses = form.choice("role", ROLES), form.whole("version"), await _chosen(await _checked())
        return await _change(form, number, Wanted(role=Role[role.upper()], warehouses=warehouses), version)
    return await _refused(form, number)


@pages.post("/<int:number>/let")
@allow("people.write")
async def let(tenant: str, number: int) -> Response:
    """Whether they may come at all."""
    form = await typed()
    with refusals_of(form):
        disabled = form.choice("disabled", ("yes", "no")) == "yes"
        return await _change(form, number, Wanted(disabled=disabled), form.whole("version"))
    return await _refused(form, number)


@pages.post("/<int:number>/second-factor")
@allow("people.write")
async def take_off(tenant: str, number: int) -> Response:
    """Their second factor is taken off: phone and codes are lost."""
    form = await typed()
    with refusals_of(form):

        async def reset(work: UnitOfWork) -> tuple[str, str]:
            await parts().second_factors.take_off(work, ctx().tenant, ctx().actor, number)
            return _url(), gettext("The second factor was taken off.")

        return await once(form, reset)
    return await _refused(form, number)


async def _change(form: Form, number: int, wanted: Wanted, version: int) -> Response:
    async def save(work: UnitOfWork) -> tuple[str, str]:
        await parts().staff.change(work, ctx().tenant, ctx().actor, number, wanted, version)
        return _url(), gettext("Saved.")

    return await once(form, save)


async def _checked() -> list[str] | None:
    """The codes of the warehouses that were ticked; None for all of them."""
    sent = await request.form
    return sent.getlist("warehouse") if sent.get("where") == "some" else None


async def _chosen(codes: list[str] | None) -> Mapping[int, str] | None:
    async with ctx().reading() as connection:
        return await warehouses_named(connection, codes)


async def warehouses_named(connection: AsyncConnection, codes: list[str] | None) -> Mapping[int, str] | None:
    """The warehouses with these codes, id -> code; None stays None. Refuses what is not there, and an empty choice."""
    if codes is None:
        return None
    known = {each.code: each.id for each in await places.warehouses_of(connection, ctx().tenant.id)}
    for code in codes:
        if code not in known:
            raise refuse("unknown_warehouse", {"field": "warehouses", "warehouse": code[:64]})
    if not codes:
        raise refuse("value_missing", {"field": "warehouses"})
    return {known[code]: code for code in codes}


async def _names(connection: AsyncConnection) -> dict[int, str]:
    return {each.id: each.name for each in await places.warehouses_of(connection, ctx().tenant.id, archived=None)}


def _csv_row(person: Colleague, codes: Mapping[int, str]) -> tuple[object, ...]:
    where = "" if person.warehouses is None else ", ".join(sorted(codes.get(each, "") for each in person.warehouses))
    states = ("on" if person.second_factor else "off", "disabled" if person.disabled else "active")
    seen = "" if person.seen_at is None else rfc3339(to_us(person.seen_at))
    return (person.name, person.email, person.role, where, *states, seen, rfc3339(to_us(person.created_at)))


async def _refused(form: Form, number: int) -> Response:
    form.blame("", If_Match="")
    async with ctx().reading() as connection:
        person = await one(connection, ctx().tenant.id, number)
    return await _person_page(Form({"role": person.role, "version": str(person.version)}) if not form["role"] else form, person, form)


async def _invite_page(form: Form) -> Response:
    return await respond.page("people/invite.html", form.status, **await _form_values(form, None))


async def _person_page(form: Form, person: Colleague, refused: Form | None = None) -> Response:
    status = refused.status if refused else form.status
    if refused is not None and refused is not form:
        form.errors = refused.errors
    async with ctx().reading() as connection:
        keys = await keys_left_by(connection, ctx().tenant.id, person.id, from_us(ctx().clock()))
    return await respond.page("people/person.html", status, person=person, keys=keys, **await _form_values(form, person))


async def _form_values(form: Form, person: Colleague | None) -> dict[str, Any]:
    """The form with its choices; ticks as they were sent, else as they are."""
    async with ctx().reading() as connection:
        warehouses: list[Warehouse] = await places.warehouses_of(connection, ctx().tenant.id)
    sent = await request.form if request.method == "POST" else None
    if sent is not None and "where" in sent:
        ticked, some = set(sent.getlist("warehouse")), sent["where"] == "some"
    else:
        ids = set(person.warehouses or ()) if person else set()
        ticked, some = {each.code for each in warehouses if each.id in ids}, bool(ids)
    return {"form": form, "roles": ROLES, "warehouses": warehouses, "ticked": ticked, "some": some}


def _url() -> str:
    return url_for("people.show_list", tenant=ctx().tenant.slug)
