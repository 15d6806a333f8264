"""Single sign-on as an administrator sets it up: the provider, a test of it, and the switch that turns passwords off."""

from __future__ import annotations

import re

from quart import Blueprint, Response, request, url_for
from quart_babel import gettext

from events.unit_of_work import UnitOfWork
from kit.clock import to_us
from kit.errors import refuse
from tenants import sso_store
from tenants.domain import Role
from tenants.messages import NewProvider
from tenants.sso import Finding
from tenants.sso_store import Provider
from web import respond, rights, session
from web.access import allow, ctx
from web.forms import Form, refusals_of, typed
from web.mapping import read_roles, write_roles
from web.once import once
from web.wiring import parts

pages = Blueprint("sso_settings", __name__, url_prefix="/t/<tenant>/single-sign-on")


@pages.get("")
@allow("sso.write")
async def show(tenant: str) -> Response:
    """What is set up now."""
    provider = await _provider()
    return await _page(_form_of(provider), provider)


@pages.post("")
@allow("sso.write")
async def save(tenant: str) -> Response:
    """Name the provider, or change what is said of it."""
    form = await typed()
    with refusals_of(form):
        new, version = _asked(form), form.whole("version")

        async def act(work: UnitOfWork) -> tuple[str, str]:
            passwords_back = await parts().sign_on_settings.save(work, ctx().actor, new, version)
            if passwords_back:
                return _url(), gettext("Saved. Passwords are on again until an administrator has come in this way.")
            return _url(), gettext("Saved.")

        return await once(form, act)
    form.values.pop("client_secret", None)
    return await _page(form, await _provider())


@pages.post("/test")
@allow("sso.write")
async def test(tenant: str) -> Response:
    """Ask the provider for its documents and say what fits."""
    provider = await _provider()
    if provider is None:
        raise refuse("sso_not_set_up")
    return await _page(_form_of(provider), provider, await parts().sign_on_settings.test(provider))


@pages.post("/passwords")
@allow("sso.write")
async def passwords(tenant: str) -> Response:
    """Turn passwords off, or on again."""
    form = await typed()
    with refusals_of(form):
        off = form.choice("passwords", ("off", "on")) == "off"

        async def act(work: UnitOfWork) -> tuple[str, str]:
            await parts().sign_on_settings.turn_passwords(work, ctx().actor, off=off)
            return _url(), gettext("Passwords open nothing any more.") if off else gettext("Passwords open the door again.")

        return await once(form, act)
    return await _again(form)


@pages.post("/remove")
@allow("sso.write")
async def remove(tenant: str) -> Response:
    """No provider any more."""
    form = await typed()
    with refusals_of(form):

        async def act(work: UnitOfWork) -> tuple[str, str]:
            await parts().sign_on_settings.remove(work, ctx().actor)
            return _url(), gettext("Single sign-on is removed.")

        return await once(form, act)
    return await _again(form)


def _asked(form: Form) -> NewProvider:
    default = form.choice("default_role", ("", *rights.role_labels()))
    secret = form["client_secret"].strip() or None
    return NewProvider(
        name=form.text("name", 100),
        issuer=form.text("issuer", 400),
        client_id=form.text("client_id", 400),
        client_secret="" if form["public_client"] else secret,
        domains=tuple(dict.fromkeys(each.lower().lstrip("@") for each in re.split(r"[\s,;]+", form["domains"][:5000]) if each)),
        group_claim=form.text("group_claim", 100),
        roles=read_roles(form, "roles"),
        default_role=Role[default.upper()] if default else None,
        link_by_email=bool(form["link_by_email"]),
    )


def _form_of(provider: Provider | None) -> Form:
    if provider is None:
        return Form({"group_claim": "groups", "version": "0"})
    return Form(
        {
            "name": provider.name,
            "issuer": provider.issuer,
            "client_id": provider.client_id,
            "domains": ", ".join(provider.domains),
            "group_claim": provider.group_claim,
            "roles": write_roles(provider.roles),
            "default_role": provider.default_role.label if provider.default_role is not None else "",
            "link_by_email": "yes" if provider.link_by_email else "",
            "public_client": "" if provider.client_secret else "yes",
            "version": str(provider.version),
        }
    )


async def _again(refused: Form) -> Response:
    """The page as it was, with why the switch did not move."""
    provider = await _provider()
    form = _form_of(provider)
    form.errors, form.status = {"": next(iter(refused.errors.values()), "")}, refused.status
    return await _page(form, provider)


async def _provider() -> Provider | None:
    async with ctx().reading() as connection:
        return await sso_store.provider_of(connection, ctx().tenant.id)


async def _page(form: Form, provider: Provider | None, findings: list[Finding] | None = None) -> Response:
    scheme = "https" if session.is_secure() else "http"
    callback = f"{scheme}://{request.host}{url_for('sso.callback', tenant=ctx().tenant.slug)}"
    return await respond.page(
        "sso/settings.html",
        form.status,
        form=form,
        provider=provider,
        has_secret=provider is not None and provider.client_secret is not None,
        proven=to_us(provider.proven_at) if provider is not None and provider.proven_at is not None else None,
        findings=findings,
        callback=callback,
        roles=rights.role_labels(),
    )


def _url() -> str:
    return url_for("sso_settings.show", tenant=ctx().tenant.slug)
