"""Which language and time zone a request is answered in, and the catalogues of the sentences.

Catalogues are kept as text (`.po`, one file per part of the product and language) and read once at the start, so there is
no compiled file to forget. English is the language of the sources and needs none.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations
from quart import Quart, g, has_request_context, has_websocket_context, request, websocket
from quart.wrappers.base import BaseRequestWebsocket
from quart_babel import Babel
from quart_babel.domain import Domain
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

from tenants.domain import LANGUAGES
from tenants.messages import Caller
from web import session

FOLDER = Path(__file__).parent / "translations"
_spoken: ContextVar[str | None] = ContextVar("spoken", default=None)


def install(app: Quart) -> None:
    """Let the app speak every language of ours."""
    babel = Babel(app, default_locale="en", locale_selector=language, timezone_selector=time_zone)
    babel.domain_instance = Domain()
    cache = babel.domain_instance.get_translations_cache()
    for each in LANGUAGES:
        cache[each, "messages"] = catalogue(each)


@cache
def catalogue(language: str) -> Translations:
    """All sentences of a language, from every `.po` of its folder."""
    merged = Translations()
    for path in sorted((FOLDER / language).glob("**/*.po")):
        with path.open("rb") as source:
            compiled = BytesIO()
            write_mo(compiled, read_po(source, locale=language))
        compiled.seek(0)
        part = Translations(compiled)
        merged = part if not merged.files else merged.merge(part)
        merged.files.append(str(path))
    return merged


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
    """The company's time zone."""
    caller = g.get("caller") if _asked() else None
    return caller.tenant.time_zone if caller else "UTC"


def _asked() -> BaseRequestWebsocket | None:
    if has_request_context():
        return request
    return websocket if has_websocket_context() else None
