"""What is kept about a person: to take it all away, and to make the person unknown."""

from __future__ import annotations

from typing import Any

import orjson
from quart import Blueprint, Response, url_for
from quart_babel import gettext

from inventory.catalog.directory import directory_of
from inventory.ledger.queries import rows_by, rows_counted_by
from kit.errors import refuse
from tenants import privacy, store
from tenants.store import UserRow
from web import respond
from web.access import ANYONE_HERE, allow, ctx
from web.forms import Form, refusals_of, typed
from web.wiring import parts

pages = Blueprint("privacy", __name__, url_prefix="/t/<tenant>/people/<int:person>/privacy")


@pages.get("")
@allow(ANYONE_HERE)
async def show(tenant: str, person: int) -> Response:
    """What there is, one's own or with the right another's."""
    return await _page(person, Form())


@pages.post("/export")
@allow(ANYONE_HERE)
async def export(tenant: str, person: int) -> Response:
    """Everything as one JSON document."""
    context = ctx()
    _require_right(person)
    async with context.writing() as work:
        found = await parts().privacy.export(work, context.actor, person)
        found["ledger"] = await rows_by(work.connection, context.tenant.id, person)
    response = Response(orjson.dumps(found, option=orjson.OPT_INDENT_2), content_type="application/json")
    response.headers["Content-Disposition"] = f'attachment; filename="person-{person}.json"'
    response.headers["Cache-Control"] = "no-store"
    return response


@pages.post("/erase")
@allow("people.write")
async def erase(tenant: str, person: int) -> Response:
    """For good: their e-mail, typed, confirms it."""
    form = await typed()
    with refusals_of(form):
        await parts().privacy.erase(ctx().tenant, ctx().actor, person, form.text("typed", 254))
        directory_of(ctx().engine).forget(ctx().tenant.id)
        where = url_for("audit.show_list", tenant=tenant, subject=str(person))
        return await respond.done(where, gettext("Erased. The ledger and the audit name only a number now."))
    return await _page(person, form)


async def _page(person: int, form: Form) -> Response:
    context = ctx()
    _require_right(person)
    async with context.reading() as connection:
        user = await store.user_by_id(connection, context.tenant.id, person)
        if user is None:
            raise refuse("not_found")
        counts = _counts(await privacy.gather(connection, context.tenant.id, person))
        rows = await rows_counted_by(connection, context.tenant.id, person)
    return await respond.page(
        "privacy/page.html", form.status, form=form, person=person, user=user, counts=counts, ledger=rows, erased=_erased(user)
    )


def _require_right(person: int) -> None:
    """Whoever may not see others' finds nobody there: the page does not tell which numbers are people."""
    if person != ctx().actor.principal_id and not ctx().actor.may("people.write"):
        raise refuse("not_found")


def _erased(user: UserRow) -> bool:
    return user.email == privacy.pseudonym(user.actor.principal_id)


def _counts(found: dict[str, Any]) -> dict[str, int]:
    return {name: len(rows) for name, rows in found.items() if isinstance(rows, list)}
