"""Help: the guide for users, for everybody at the door and inside a company, and its pictures."""

from __future__ import annotations

from quart import Blueprint, Response, send_file, url_for

from kit.errors import refuse
from web import guide, locale, respond
from web.access import ANYONE_HERE, allow, public

pages = Blueprint("guide", __name__)


@pages.get("/help")
@public
async def front() -> Response:
    """The guide, before signing in."""
    return await _page(guide.PAGES[0])


@pages.get("/help/<page>")
@public
async def read(page: str) -> Response:
    """A page of it."""
    return await _page(page)


@pages.get("/t/<tenant>/help")
@allow(ANYONE_HERE)
async def front_inside(tenant: str) -> Response:
    """The guide, with the ways of the company around it."""
    return await _page(guide.PAGES[0], tenant)


@pages.get("/t/<tenant>/help/<page>")
@allow(ANYONE_HERE)
async def read_inside(tenant: str, page: str) -> Response:
    """A page of it."""
    return await _page(page, tenant)


@pages.get("/help/pictures/<name>")
@public
async def show_picture(name: str) -> Response:
    """A picture of a page of the app."""
    found = guide.picture(name)
    if found is None:
        raise refuse("not_found")
    response = await send_file(found, mimetype="image/png", conditional=True)
    response.headers["Cache-Control"] = "no-cache"
    return response


async def _page(name: str, tenant: str | None = None) -> Response:
    if name not in guide.PAGES:
        raise refuse("not_found")

    def address(to: str) -> str:
        page, is_page, _ = to.partition(".md")
        if is_page:
            return url_for("guide.read_inside", tenant=tenant, page=page) if tenant else url_for("guide.read", page=page)
        return url_for("guide.show_picture", name=to)

    language = locale.language()
    titles = [(each, title, address(f"{each}.md")) for each, title in guide.titles(language)]
    return await respond.page("guide/page.html", guided=guide.guided(name, language, address), titles=titles)
