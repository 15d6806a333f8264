"""What a route of the API says about itself. The OpenAPI document is made of nothing else, so it cannot tell of other routes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

_View = TypeVar("_View", bound=Callable[..., Any])
_MARK = "onhand_operation"


@dataclass(frozen=True, slots=True)
class Query:
    """A question in the address."""

    name: str
    says: str
    schema: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path.

    `answer` names a schema of `web.api.schemas`; `body` is the message type of the body. `keyed`: needs an
    Idempotency-Key. `versioned`: needs If-Match. `listed`: a page of `answer`, also as CSV. `refuses`: statuses of business
    refusals beyond those that follow from the rest.
    """

    summary: str
    answer: str = ""
    status: int = 200
    body: type | None = None
    query: tuple[Query, ...] = ()
    keyed: bool = False
    versioned: bool = False
    listed: bool = False
    refuses: tuple[int, ...] = ()
    media: str = "application/json"
    public: bool = False
    tag: str = ""

    def statuses(self) -> list[int]:
        """Every status that this operation answers with."""
        found = {self.status, 500, 503, *self.refuses}
        if not self.public:
            found |= {401, 403, 404}
        if self.keyed or self.body is not None:
            found |= {400, 413, 415, 422, 429}
        if self.versioned:
            found |= {400, 409}
        if self.query:
            found |= {422}
        return sorted(found)


def operation(summary: str, **says: Any) -> Callable[[_View], _View]:
    """Attach an `Operation` to a view."""

    def mark(view: _View) -> _View:
        setattr(view, _MARK, Operation(summary, **says))
        return view

    return mark


def operation_of(view: Callable[..., Any]) -> Operation | None:
    """What a view says about itself, if anything."""
    found: Operation | None = getattr(view, _MARK, None)
    return found


def text(name: str, says: str) -> Query:
    """A question answered by a text."""
    return Query(name, says, {"type": "string", "maxLength": 200})


def words(name: str, says: str) -> Query:
    """A question answered by any number of texts, given with commas or again and again."""
    return Query(name, says, {"type": "string"})


def choice(name: str, says: str, allowed: tuple[str, ...], default: str | None = None) -> Query:
    """A question answered by one of some words."""
    return Query(name, says, {"type": "string", "enum": list(allowed), **({"default": default} if default else {})})


def flag(name: str, says: str) -> Query:
    """A question answered by true or false."""
    return Query(name, says, {"type": "boolean", "default": False})


PAGED = (
    Query("limit", "Rows of a page.", {"type": "integer", "minimum": 1, "maximum": 500, "default": 50}),
    text("cursor", "`next` of the page before."),
)
"""What every list can be asked."""
