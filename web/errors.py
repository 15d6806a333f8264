"""Refusal → status and sentence: the only map. Problems (RFC 9457) for programs, the same sentence on a page for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from kit.errors import Fact, Refusal
from web.locale import gettext
from web.sentences import MEANINGS, UNKNOWN, Meaning


class Said(NamedTuple):
    """A refusal put into words: its status, a short title and a sentence, in the reader's language."""

    status: int
    title: str
    detail: str


def say(refusal: Refusal) -> Said:
    """The words for a refusal. Facts come from the refusal itself, then from its first error."""
    meaning = MEANINGS.get(refusal.code, UNKNOWN)
    facts = {"code": refusal.code, **(refusal.errors[0] if refusal.errors else {}), **refusal.facts}
    return Said(meaning.status, gettext(meaning.title), _sentence(meaning, facts))


def problem(refusal: Refusal) -> dict[str, Any]:
    """The problem document of a refusal."""
    said = say(refusal)
    body: dict[str, Any] = {
        "type": f"urn:onhand:problem:{refusal.code}",
        "title": said.title,
        "status": said.status,
        "detail": said.detail,
        "code": refusal.code,
        "errors": [_error(error) for error in refusal.errors],
    }
    body.update({name: value for name, value in refusal.facts.items() if name not in body})
    return body


def by_field(refusal: Refusal) -> dict[str, str]:
    """Sentences for the fields of a form that are to blame; under the empty name what belongs to no field."""
    said: dict[str, str] = {}
    for error in refusal.errors:
        one = Refusal(str(error.get("code", refusal.code)), (error,), refusal.facts)
        said.setdefault(str(error.get("field", "")), say(one).detail)
    return said or {"": say(refusal).detail}


def status_of(code: str) -> int:
    """The HTTP status of a refusal code."""
    return MEANINGS.get(code, UNKNOWN).status


def _error(error: Fact) -> dict[str, Any]:
    code = error.get("code")
    if code is None or "detail" in error:
        return dict(error)
    return {**error, "detail": say(Refusal(str(code), (error,))).detail}


def _sentence(meaning: Meaning, facts: Mapping[str, Any]) -> str:
    """The full sentence where its facts are known, else the one that needs none."""
    try:
        return gettext(meaning.sentence) % facts
    except KeyError:
        return gettext(meaning.title) + "."
