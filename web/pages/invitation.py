"""The way in for whoever was invited: a name, a password, and they are inside."""

from __future__ import annotations

from quart import Blueprint, Response

from tenants.domain import Tenant
from tenants.invitations import Invitation
from web import respond, visitors
from web.access import public, require_same_site
from web.forms import Form, refusals_of, typed
from web.pages import door
from web.wiring import parts

pages = Blueprint("invitation", __name__, url_prefix="/invitation")


@pages.get("/<link>")
@public
async def show(link: str) -> Response:
    """Who invites, as what. Looking spends nothing."""
    visitors.knock(parts().limits.link_from_address, visitors.place())
    company, invitation = await parts().invitations.look(link)
    return await _page(Form(), link, company, invitation)


@pages.post("/<link>")
@public
async def accept(link: str) -> Response:
    """Come in."""
    await require_same_site()
    visitors.knock(parts().limits.link_from_address, visitors.place())
    company, invitation = await parts().invitations.look(link)
    form = await typed()
    with refusals_of(form):
        company, actor = await parts().invitations.accept(link, form.text("name"), form["password"])
        return await door.through(await parts().sessions.open(company, actor, visitors.visitor()))
    form.values.pop("password", None)
    return await _page(form, link, company, invitation)


async def _page(form: Form, link: str, company: Tenant, invitation: Invitation) -> Response:
    return await respond.page("people/accept.html", form.status, form=form, link=link, company=company, invitation=invitation)
