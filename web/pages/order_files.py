"""Papers of an order: put there, looked at, taken away."""

from __future__ import annotations

from urllib.parse import quote

from quart import Blueprint, Response, request
from quart_babel import gettext

from events.unit_of_work import UnitOfWork
from inventory.purchasing import files
from kit.errors import refuse
from kit.ids import digest16
from web.access import allow, ctx
from web.forms import refusals_of, typed
from web.once import once
from web.pages.orders import found_order, numbered, page, url_of

pages = Blueprint("order_files", __name__, url_prefix="/t/<tenant>/purchasing/orders/<number>/files")


@pages.post("")
@allow("purchasing.write")
async def attach(tenant: str, number: str) -> Response:
    """One more paper. Its content is part of what the form's key stands for."""
    form, order = await typed(), numbered(number)
    sent = (await request.files).get("file")
    name, content = (sent.filename or "", sent.read()) if sent else ("", b"")
    form.values["digest"] = digest16(content).hex()
    with refusals_of(form):

        async def change(work: UnitOfWork) -> tuple[str, str]:
            await files.attach(ctx(), work, order, name, content)
            return url_of(order), gettext("The paper is with the order.")

        return await once(form, change)
    form.blame("file")
    return await page(order, "file", form)


@pages.get("/<int:file>")
@allow("purchasing.read")
async def show(tenant: str, number: str, file: int) -> Response:
    """The paper, to be saved: never opened as a page of ours."""
    if file >= 2**31:
        raise refuse("file_not_found", {"field": "file", "order": number[:64]})
    async with ctx().reading() as connection:
        await found_order(connection, numbered(number))
        found = await files.content_of(connection, ctx().tenant.id, numbered(number), file)
    response = Response(found.content, content_type=found.kind)
    response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(found.name)}"
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response.headers["Cache-Control"] = "no-store"
    return response


@pages.post("/<int:file>/remove")
@allow("purchasing.write")
async def remove(tenant: str, number: str, file: int) -> Response:
    """Taken away for good."""
    form, order = await typed(), numbered(number)
    with refusals_of(form):

        async def change(work: UnitOfWork) -> tuple[str, str]:
            await files.remove(ctx(), work, order, file if file < 2**31 else 0)
            return url_of(order), gettext("The paper was taken away.")

        return await once(form, change)
    form.blame("file")
    return await page(order, "file", form)
