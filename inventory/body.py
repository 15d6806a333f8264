"""Bodies of requests: a parsed JSON value becomes a typed message, or one refusal that names every field to blame.

Pages, REST, WebSocket and bulk all come through here, so a wrong field is refused in the same words everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

import msgspec

from kit.errors import Fact, Refusal, Refused

Shape = TypeVar("Shape")

_PATH = re.compile(r" - at `\$\.?(.*)`$")
_LINE = re.compile(r"lines\[(\d+)\]\.?(.*)")
_FIELD = re.compile(r"field `([^`]+)`")


def fit(body: Any, shape: type[Shape]) -> Shape:
    """The body as `shape`, nothing coerced. Refuses with `invalid_body` what is missing, unknown or of another type."""
    try:
        return msgspec.convert(body, shape, strict=True)
    except msgspec.ValidationError as problem:
        raise Refused(Refusal("invalid_body", (_fact(str(problem)),))) from None


class Complaints:
    """Gathers what is wrong with a body, so that one answer names all of it."""

    def __init__(self) -> None:
        self._facts: list[Fact] = []

    def add(self, code: str, field: str, line: int | None = None, **facts: Any) -> None:
        """One field and what is wrong with it; `line` counts from 0."""
        where: dict[str, Any] = {"field": field} if line is None else {"line": line, "field": field}
        self._facts.append({**where, "code": code, **facts})

    def take(self, facts: Iterable[Fact], line: int, called: Mapping[str, str] | None = None) -> None:
        """What is wrong with a line of a file, found where only its body was known; `called`: fields that the file calls otherwise."""
        for fact in facts:
            name = str(fact["field"])
            told = {key: value for key, value in fact.items() if key not in ("line", "field", "code")}
            self.add(str(fact["code"]), (called or {}).get(name, name), line, **told)

    @property
    def facts(self) -> tuple[Fact, ...]:
        """Everything gathered so far."""
        return tuple(self._facts)

    def __len__(self) -> int:
        return len(self._facts)

    def only(self, code: str) -> bool:
        """True if there is something to complain about, and it is always this."""
        return bool(self._facts) and all(fact["code"] == code for fact in self._facts)

    def raise_any(self, code: str = "invalid_body") -> None:
        """Refuse with everything gathered so far, if anything."""
        if self._facts:
            raise Refused(Refusal(code, tuple(self._facts)))


def _fact(message: str) -> Fact:
    found = _PATH.search(message)
    path = found.group(1) if found else ""
    says = message[: found.start()] if found else message
    named = _FIELD.search(says)
    field = ".".join(part for part in (path, named.group(1) if named else "") if part)
    in_line = _LINE.fullmatch(field)
    fact: dict[str, Any] = {"line": int(in_line.group(1)), "field": in_line.group(2) or "lines"} if in_line else {"field": field}
    return {**fact, "code": _code(says), "expected": says.replace("`", "")}


def _code(says: str) -> str:
    if "unknown field" in says:
        return "unknown_field"
    if "missing required field" in says:
        return "value_missing"
    if says.startswith("Invalid enum value"):
        return "not_a_choice"
    return "wrong_type" if ", got " in says else "out_of_range"
