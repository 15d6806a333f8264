"""Cookies: the session's, and the small ones that remember a company, a language and a theme."""

from __future__ import annotations

from hashlib import sha256
from hmac import compare_digest

from itsdangerous import BadSignature, Signer, URLSafeSerializer, URLSafeTimedSerializer
from quart import Response, g, request

from kit.ids import token
from tenants.messages import CodeWanted
from tenants.settings import SESSION_LONGEST_MAX
from web.wiring import parts

COMPANY = "onhand_company"
LANGUAGE = "onhand_language"
THEME = "onhand_theme"
VISIT = "onhand_visit"
STEP = "onhand_step"
STEP_LIFE_S = 300
"""How long the second step of signing in may take."""
_YEAR_S = 365 * 24 * 3600


def is_secure() -> bool:
    """Whether cookies of this answer carry Secure: always in production, and wherever the request came by https."""
    return parts().wiring.environment == "production" or request.is_secure


def session_cookie() -> str | None:
    """The session cookie the browser sent."""
    return request.cookies.get(_session_name())


def keep_session(response: Response, cookie: str) -> None:
    """Give the browser its session. When it ends is decided where it is kept, by what the company has chosen."""
    _set(response, _session_name(), cookie, int(SESSION_LONGEST_MAX.total_seconds()))


def drop_session(response: Response) -> None:
    """Take the session from the browser."""
    response.delete_cookie(_session_name(), path="/", secure=is_secure(), httponly=True, samesite="Lax")


def sign_on_cookie() -> str:
    """What this browser set out to its company's identity provider with."""
    return request.cookies.get(_sign_on_name(), "")


def keep_sign_on(response: Response, value: str, max_age_s: int) -> None:
    """Tie a way through an identity provider to this browser. Lax: the provider's page leads back here."""
    _set(response, _sign_on_name(), value, max_age_s)


def drop_sign_on(response: Response) -> None:
    """That way has been gone."""
    response.delete_cookie(_sign_on_name(), path="/", secure=is_secure(), httponly=True, samesite="Lax")


def remember(response: Response, name: str, value: str) -> None:
    """Keep a harmless choice for a year."""
    _set(response, name, value, _YEAR_S)


def remember_company(response: Response, slug: str) -> None:
    """Keep the company that was entered. Signed, so that the door tells a company's name only to browsers that were inside."""
    remember(response, COMPANY, _signer("company").dumps(slug))


def remembered_company() -> str:
    """The slug of the company entered last in this browser, or nothing."""
    try:
        return str(_signer("company").loads(request.cookies.get(COMPANY, "")))
    except BadSignature:
        return ""


def keep_step(response: Response, wanted: CodeWanted, next_page: str) -> None:
    """Remember who showed their password and owes a code. No session: it opens nothing but the page that asks for the code."""
    _set(response, STEP, _step_signer().dumps([wanted.slug, wanted.principal_id, wanted.stamp, next_page]), STEP_LIFE_S)


def step() -> tuple[CodeWanted, str] | None:
    """Who owes a code in this browser, and the page they wanted; None when nobody does, or it took too long."""
    try:
        slug, principal_id, stamp, next_page = _step_signer().loads(request.cookies.get(STEP, ""), max_age=STEP_LIFE_S)
    except BadSignature:
        return None
    return CodeWanted(slug, principal_id, stamp), next_page


def drop_step(response: Response) -> None:
    """Nobody owes a code any more."""
    response.delete_cookie(STEP, path="/", secure=is_secure(), httponly=True, samesite="Lax")


def csrf_token() -> str:
    """The token a form must bring back. It is bound to the session, and before sign-in to this browser's visit.

    Every answer has another text for it, none of whose letters is of the one before: pages are compressed, and how long one becomes
    must tell nothing of what the next will carry (docs/decisions/0015-pages-compressed.md).
    """
    bound_to = _bound_to(make=True)
    if g.get("csrf", ("", ""))[0] != bound_to:
        g.csrf = (bound_to, _csrf(token(16), bound_to))
    return str(g.csrf[1])


def csrf_fits(text: str | None) -> bool:
    """Whether a token was made for this session or visit."""
    bound_to, sent = _bound_to(make=False), text or ""
    return bool(bound_to) and compare_digest(_csrf(sent.partition(".")[0], bound_to).encode(), sent.encode())


def _csrf(nonce: str, bound_to: str) -> str:
    signature = Signer(parts().wiring.secret, salt="csrf", digest_method=sha256).get_signature(f"{nonce}.{bound_to}")
    return f"{nonce}.{signature.decode()}"


def keep_visit(response: Response) -> None:
    """Send the visit's cookie if a form of this answer was bound to it."""
    if g.get("visit"):
        _set(response, VISIT, g.visit, None)


def _bound_to(make: bool) -> str:
    caller = g.get("caller")
    if caller is not None:
        return str(caller.proof.hex())
    if not request.cookies.get(VISIT) and not g.get("visit") and make:
        g.visit = token()
    return str(g.get("visit") or request.cookies.get(VISIT, ""))


def _session_name() -> str:
    # Browsers drop a `__Host-` cookie that is not Secure, and plain http cannot have Secure.
    return "__Host-onhand" if is_secure() else "onhand_session"


def _sign_on_name() -> str:
    return "__Host-onhand-sign-on" if is_secure() else "onhand_sign_on"


def _set(response: Response, name: str, value: str, max_age: int | None) -> None:
    response.set_cookie(name, value, max_age=max_age, path="/", secure=is_secure(), httponly=True, samesite="Lax")


def _step_signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(parts().wiring.secret, salt="second step")


def _signer(salt: str) -> URLSafeSerializer:
    return URLSafeSerializer(parts().wiring.secret, salt=salt)
