"""Programs with tokens of somebody else's issuer: whom the company trusts, and who came."""

from __future__ import annotations

from quart import Blueprint, Response, url_for
from quart_babel import gettext

from events.unit_of_work import UnitOfWork
from kit.clock import to_us
from tenants import machine_store
from tenants.messages import NewIssuer
from tenants.token_rules import ALGORITHMS
from web import respond
from web.access import allow, ctx
from web.forms import Form, refusals_of, typed
from web.mapping import read_roles
from web.once import once
from web.wiring import parts

pages = Blueprint("machines", __name__, url_prefix="/t/<tenant>/machines")


@pages.get("")
@allow("keys.write")
async def show(tenant: str) -> Response:
    """Trusted issuers, and the programs that came with their tokens."""
    return await _page(Form({"tenant_claim": "tenant", "role_claim": "roles", "algorithm": ALGORITHMS[0]}))


@pages.post("")
@allow("keys.write")
async def trust(tenant: str) -> Response:
    """Trust one more issuer."""
    form = await typed()
    with refusals_of(form):
        named = (form.text("issuer", 400), form.text("audience", 400), form.choice("algorithm", ALGORITHMS))
        claims = (form.text("tenant_claim"), form.text("role_claim"), read_roles(form, "roles"))
        jwks_url = form.text("jwks_url", 400, required=False) or None
        new = NewIssuer(*named, *claims, jwks_url, form.text("scopes_claim", required=False) or None)

        async def act(work: UnitOfWork) -> tuple[str, str]:
            await parts().machines.trust(work, ctx().actor, new)
            return _url(), gettext("Its tokens are taken from now on.")

        return await once(form, act)
    return await _page(form)


@pages.post("/issuers/<int:issuer>/distrust")
@allow("keys.write")
async def distrust(tenant: str, issuer: int) -> Response:
    """Trust an issuer no more."""
    form = await typed()
    with refusals_of(form):

        async def act(work: UnitOfWork) -> tuple[str, str]:
            await parts().machines.distrust(work, ctx().actor, issuer)
            return _url(), gettext("Its tokens are taken no more.")

        return await once(form, act)
    return await _page(form)


@pages.post("/<int:machine>/revoke")
@allow("keys.write")
async def revoke(tenant: str, machine: int) -> Response:
    """Cut a program off, or let it in again."""
    form = await typed()
    with refusals_of(form):
        back = form.choice("back", ("yes", "no")) == "yes"

        async def act(work: UnitOfWork) -> tuple[str, str]:
            await parts().machines.revoke(work, ctx().actor, machine, back=back)
            return _url(), gettext("It may come again.") if back else gettext("It is cut off.")

        return await once(form, act)
    return await _page(form)


async def _page(form: Form) -> Response:
    async with ctx().reading() as connection:
        issuers = await machine_store.issuers_of(connection, ctx().tenant.id)
        found = await machine_store.machines_of(connection, ctx().tenant.id)
    machines = [(each, to_us(each.seen_at)) for each in found]
    return await respond.page("keys/machines.html", form.status, form=form, issuers=issuers, machines=machines, algorithms=ALGORITHMS)


def _url() -> str:
    return url_for("machines.show", tenant=ctx().tenant.slug)
