"""Which language and time zone a request is answered in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from quart import Quart, g, has_request_context, has_websocket_context, request, websocket
from quart.wrappers.base import BaseRequestWebsocket
from quart_babel import Babel
from quart_babel.domain import Domain
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

from tenants.domain import LANGUAGES
from tenants.messages import Caller
from web import session
from web.catalogues import FOLDER, catalogue

__all__ = ["FOLDER", "catalogue"]
_spoken: ContextVar[str | None] = ContextVar("spoken", default=None)


def install(app: Quart) -> None:
    """Let the app speak every language of ours."""
    babel = Babel(app, default_locale="en", locale_selector=language, timezone_selector=time_zone)
    babel.domain_instance = Domain()
    cache = babel.domain_instance.get_translations_cache()
    for each in LANGUAGES:
        cache[each, "messages"] = catalogue(each)


def gettext(sentence: str) -> str:
    """A sentence in the language of the answer being made."""
    found: str = catalogue(_spoken.get() or language()).gettext(sentence)
    return found


@contextmanager
def speaking(caller: Caller | None, accepted: str) -> Iterator[None]:
    """Answer a program outside of Quart's requests: in what it accepts (its Accept-Language), else in its company's language."""
    preferred = parse_accept_header(accepted, LanguageAccept).best_match(LANGUAGES)
    token = _spoken.set(_of_program(caller, preferred))
    try:
        yield
    finally:
        _spoken.reset(token)


def _of_program(caller: Caller | None, preferred: str | None) -> str:
    return preferred or (caller.tenant.language if caller else LANGUAGES[0])


def language() -> str:
    """The person's choice, else the browser's cookie, else the company's language, else what the browser prefers."""
    asked = _asked()
    if asked is None:
        return LANGUAGES[0]
    caller, preferred = g.get("caller"), asked.accept_languages.best_match(LANGUAGES)
    if caller is not None and caller.actor.kind != "person":
        return _of_program(caller, preferred)
    choices = (
        caller.actor.language if caller else None,
        asked.cookies.get(session.LANGUAGE),
        caller.tenant.language if caller else None,
        preferred,
    )
    return next((choice for choice in choices if choice in LANGUAGES), LANGUAGES[0])


def time_zone() -> str:
    """The person's time zone, else the company's."""
    caller = g.get("caller") if _asked() else None
    return (caller.actor.choices.time_zone or caller.tenant.time_zone) if caller else "UTC"


def number_format() -> str:
    """How numbers are written: `point` (1,204.50) or `comma` (1 204,50). As the person has chosen, else the company, else as
    the language has it."""
    chosen = _format("number_format")
    return chosen if chosen != "auto" else "comma" if language() in ("ru", "ky") else "point"


def date_format() -> str:
    """How days are written: `iso`, `dmy`, `mdy`, or `auto`: with the names of months, as the language has it."""
    return _format("date_format")


def _format(name: str) -> str:
    caller = g.get("caller") if _asked() else None
    if caller is None:
        return "auto"
    chosen: str = getattr(caller.actor.choices, name) or getattr(caller.tenant.settings, name)
    return chosen


def _asked() -> BaseRequestWebsocket | None:
    if has_request_context():
        return request
    return websocket if has_websocket_context() else None
