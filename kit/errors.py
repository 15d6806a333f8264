"""Refusals: saying no as a value, with the facts that led to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Fact = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Refusal:
    """A business or input reason for doing nothing.

    `code` is stable and snake_case (clients branch on it); `errors` lists the facts, each with `field` or `line`
    where one is to blame. The sentence and the HTTP status are chosen at the edge, in the reader's language.
    """

    code: str
    errors: tuple[Fact, ...] = ()
    facts: Fact = field(default_factory=dict)


class Refused(Exception):
    """Carries a refusal up through a service to the edge. Decisions return refusals; only services raise them."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.code)
        self.refusal = refusal


def refuse(code: str, *errors: Fact, **facts: Any) -> Refused:
    """Shorthand for `raise refuse("unknown_item", {"line": 0, "sku": sku})`."""
    return Refused(Refusal(code, errors, facts))


def unless(refusal: Refusal | None) -> None:
    """Raise what a decision returned, if it is a refusal."""
    if refusal is not None:
        raise Refused(refusal)
