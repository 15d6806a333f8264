"""What a request of the API brings: its body, its key, the version it saw, and what its address asks for."""

from __future__ import annotations

import re
from typing import Any, TypeVar

from quart import request

from inventory.body import fit
from kit.clock import parse_rfc3339
from kit.errors import refuse
from kit.paging import LIMIT_DEFAULT, LIMIT_MAX
from kit.text import clean, is_code, is_idempotency_key
from web import strict

_Shape = TypeVar("_Shape")
_ETAG = re.compile(r'(?:W/)?"?(\d{1,9})"?', re.ASCII)
_TEXT_MAX = 200
JSON = "application/json"
_YES, _NO = ("true", "1"), ("false", "0")


async def json_body(required: bool = True) -> Any:
    """The body, read strictly. Refuses other content types (415) and what is not JSON (400)."""
    raw: bytes = await request.get_data(as_text=False)  # type: ignore[assignment]
    return {} if not raw and not required else parsed(raw, request.mimetype)


def parsed(raw: bytes, mimetype: str) -> Any:
    """The value of a JSON body."""
    if mimetype != JSON:
        raise refuse("wrong_content_type", expected=JSON)
    return strict.loads(raw)


async def body_as(shape: type[_Shape]) -> _Shape:
    """The body as a typed message."""
    return fit(await json_body(), shape)


def idempotency_key() -> str:
    """The key that every change needs."""
    return checked_key(request.headers.get("Idempotency-Key"))


def checked_key(key: str | None) -> str:
    """The key as it was sent, if it is one."""
    if key is None:
        raise refuse("idempotency_key_missing", {"field": "Idempotency-Key"})
    if not is_idempotency_key(key):
        raise refuse("idempotency_key_invalid", {"field": "Idempotency-Key"})
    return key


def seen_version() -> int:
    """The version in `If-Match`: nobody overwrites what they have not seen."""
    found = _ETAG.fullmatch(request.headers.get("If-Match", "").strip())
    if found is None:
        raise refuse("if_match_missing", {"field": "If-Match"})
    return int(found.group(1))


def text_arg(name: str) -> str | None:
    """A text of the address, None when it is absent or empty."""
    try:
        return clean(request.args.get(name, ""), _TEXT_MAX) or None
    except ValueError as problem:
        raise refuse("invalid_value", {"field": name, "code": str(problem)}) from None


def choice_arg(name: str, allowed: tuple[str, ...]) -> str | None:
    """One of the allowed words, or None."""
    value = text_arg(name)
    if value is not None and value not in allowed:
        raise refuse("invalid_value", {"field": name, "code": "not_a_choice", "allowed": list(allowed)})
    return value


def choices_arg(name: str, allowed: tuple[str, ...]) -> tuple[str, ...]:
    """Some of the allowed words, separated by commas or given repeatedly."""
    asked = [word for value in request.args.getlist(name) for word in value.split(",") if word]
    wrong = [word[:32] for word in asked if word not in allowed]
    if wrong:
        raise refuse("invalid_value", {"field": name, "code": "not_a_choice", "allowed": list(allowed)})
    return tuple(asked)


def flag_arg(name: str, default: bool | None = False) -> bool | None:
    """`true` or `false`."""
    value = request.args.get(name)
    if value is None:
        return default
    if value.lower() not in _YES + _NO:
        raise refuse("invalid_value", {"field": name, "code": "not_a_choice", "allowed": ["true", "false"]})
    return value.lower() in _YES


def bound_arg(name: str) -> tuple[int | None, int | None]:
    """A bound of the ledger: (sequence, None), (None, microseconds of an RFC 3339 time), or (None, None)."""
    value = text_arg(name)
    if value is None:
        return None, None
    if value.isascii() and value.isdigit() and len(value) <= 18:
        return int(value), None
    try:
        # A plus in an address reads as a space unless it was escaped, which people forget.
        return None, parse_rfc3339(value.replace(" ", "+"))
    except (ValueError, OverflowError):
        raise refuse("invalid_value", {"field": name, "code": "not_a_time"}) from None


def limit_arg() -> int:
    """How many rows a page may have: 1 to 500."""
    value = request.args.get("limit")
    if value is None:
        return LIMIT_DEFAULT
    if not value.isascii() or not value.isdigit() or len(value) > 6 or not 1 <= int(value) <= LIMIT_MAX:
        raise refuse("invalid_value", {"field": "limit", "code": "out_of_range", "min": 1, "max": LIMIT_MAX})
    return int(value)


def cursor_arg() -> str | None:
    """Where the page begins: the `next` of the page before."""
    return text_arg("cursor")


def code_of(part: str) -> str:
    """A code in an address. What cannot be one names nothing, and is not put to the database."""
    return part if is_code(part) else ""
