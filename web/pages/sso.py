"""Through the company's own identity provider: setting out, coming back, and leaving."""

from __future__ import annotations

from itsdangerous import BadSignature, URLSafeTimedSerializer
from quart import Blueprint, Response, request, url_for

from kit.errors import Refused, refuse
from kit.text import is_slug
from tenants.messages import SignOnAnswer
from tenants.oidc import ATTEMPT_LIFE
from web import respond, session, visitors
from web.access import public
from web.forms import Form
from web.pages import door
from web.wiring import parts

pages = Blueprint("sso", __name__, url_prefix="/t/<tenant>/sso")

PARAMETER_MAX = 4_096


@pages.get("/start")
@public
async def start(tenant: str) -> Response:
    """To the provider. A link, not a form: a form of ours may not lead to another site."""
    spent = parts().limits.sign_on_from_address.spend(visitors.place())
    if not spent.allowed:
        raise refuse("too_many_sign_ins", retry_after_s=spent.retry_after_s)
    _must_be_slug(tenant)
    onward = door.own_page(tenant, request.args.get("next", "")[:500]) or ""
    try:
        begun = await parts().sign_on.begin(tenant, onward, _callback_url(tenant))
    except Refused as refused:
        return await _back_at_the_door(tenant, refused)
    response = respond.see_other(begun.url)
    session.keep_sign_on(response, _signer().dumps([tenant, begun.cookie]), int(ATTEMPT_LIFE.total_seconds()))
    response.headers["Cache-Control"] = "no-store"
    return response


@pages.get("/callback")
@public
async def callback(tenant: str) -> Response:
    """Back from the provider: in, or at the door with the reason."""
    _must_be_slug(tenant)
    asked = {name: request.args.get(name, "")[:PARAMETER_MAX] for name in ("state", "code", "iss", "error")}
    answer = SignOnAnswer(asked["state"], asked["code"], asked["iss"], asked["error"])
    try:
        cookie, by = _cookie(tenant), visitors.visitor()
        signed_in, onward = await parts().sign_on.finish(tenant, answer, cookie, _callback_url(tenant), by)
        response = await door.through(signed_in, onward)
    except Refused as refused:
        response = await _back_at_the_door(tenant, refused)
    session.drop_sign_on(response)
    return response


@pages.get("/signed-out")
@public
async def signed_out(tenant: str) -> Response:
    """Out of Onhand. The provider's own session is the provider's: leaving it too is a choice."""
    _must_be_slug(tenant)
    return await respond.page("sso/signed_out.html", slug=tenant)


@pages.get("/leave")
@public
async def leave(tenant: str) -> Response:
    """To where the provider ends its session, if it tells; else to the door."""
    _must_be_slug(tenant)
    back = _absolute(url_for("door.sign_in_to", tenant=tenant))
    try:
        url = await parts().sign_on.leave_url(tenant, back)
    except Refused:
        url = None
    return respond.see_other(url or url_for("door.sign_in_to", tenant=tenant))


async def _back_at_the_door(slug: str, refused: Refused) -> Response:
    form = Form({"company": slug})
    form.refuse(refused.refusal)
    return await door.show(form)


def _cookie(slug: str) -> str:
    """The secret that this browser set out with for this company, if that is not too long ago."""
    try:
        own, secret = _signer().loads(session.sign_on_cookie(), max_age=int(ATTEMPT_LIFE.total_seconds()))
    except (BadSignature, ValueError, TypeError):
        own, secret = "", ""
    return str(secret) if own == slug else ""


def _callback_url(slug: str) -> str:
    return _absolute(url_for("sso.callback", tenant=slug))


def _absolute(path: str) -> str:
    """An address of ours as the provider knows it. A forged Host only makes an address that no provider has registered."""
    return f"{'https' if session.is_secure() else 'http'}://{request.host}{path}"


def _must_be_slug(slug: str) -> None:
    if not is_slug(slug):
        raise refuse("not_found")


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(parts().wiring.secret, salt="sign-on")
