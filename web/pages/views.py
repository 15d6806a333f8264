"""Saved views: the present filters of a list kept under a name, renamed, deleted. Each person has their own."""

from __future__ import annotations

from quart import Blueprint, Response, url_for
from quart_babel import gettext

from kit.errors import refuse
from tenants import views
from web import asking, respond
from web.access import allow, ctx
from web.forms import Form, refusals_of, typed

pages = Blueprint("views", __name__, url_prefix="/t/<tenant>/views")

LISTS = ("stock", "items", "ledger", "reservations", "transfers", "exceptions")


@pages.post("")
@allow("stock.read")
async def save(tenant: str) -> Response:
    """Keep what a list shows now."""
    form = await typed()
    of_list, query = form.choice("list", LISTS), asking.this_view(form["query"])
    with refusals_of(form):
        async with ctx().writing() as work:
            await views.save(work.connection, work.tenant_id, work.principal_id, of_list, form["name"], query)
        return await respond.done(_address(of_list, query), gettext("Saved: %(name)s.", name=form["name"].strip()))
    return await _page(form)


@pages.post("/<int:number>/rename")
@allow("stock.read")
async def rename(tenant: str, number: int) -> Response:
    """Call one something else."""
    form = await typed()
    async with ctx().reading() as connection:
        await views.one(connection, ctx().tenant.id, ctx().actor.principal_id, number)
    with refusals_of(form):
        async with ctx().writing() as work:
            view = await views.rename(work.connection, work.tenant_id, work.principal_id, number, form["name"])
        return await respond.done(_address(view.list, view.query), gettext("Renamed."))
    return await _page(form, number)


@pages.post("/<int:number>/delete")
@allow("stock.read")
async def delete(tenant: str, number: int) -> Response:
    """Keep one no longer. It can be taken back: saving it again is all that was lost."""
    form = await typed()
    async with ctx().writing() as work:
        view = await views.forget(work.connection, work.tenant_id, work.principal_id, number)
    if view is None:
        raise refuse("not_found")
    again = respond.undo(url_for("views.save", tenant=tenant), form.key, list=view.list, query=view.query, name=view.name)
    return await respond.done(_address(view.list, ""), gettext("Deleted: %(name)s.", name=view.name), again)


def _address(of_list: str, query: str) -> str:
    at = url_for(f"{of_list}.show_list", tenant=ctx().tenant.slug)
    return f"{at}?{query}" if query else at


async def _page(form: Form, number: int | None = None) -> Response:
    return await respond.page("views/form.html", form.status, form=form, number=number)
