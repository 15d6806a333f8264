"""Bodies of the promising verbs, as `api.md` gives them."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from inventory.ledger.bodies import Lines

EXPIRES_IN_DEFAULT_S = 900
EXPIRES_IN_MAX_S = 604_800
"""A week: a promise that is meant to last longer is made firm."""

Seconds = Annotated[int, Meta(ge=1, le=EXPIRES_IN_MAX_S)]


class ReserveBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Stock is promised; a soft hold ends after `expires_in` seconds from now, whenever it was made."""

    lines: Lines
    reference: str | None = None
    hold: Literal["soft", "hard"] = "soft"
    expires_in: Seconds | None = None
    effective_at: str | None = None


class PartBody(Struct, frozen=True, forbid_unknown_fields=True):
    """A reservation, and which part of it; without lines all that is open."""

    reservation: str
    lines: Lines | None = None
    effective_at: str | None = None


class ExtendBody(Struct, frozen=True, forbid_unknown_fields=True):
    """A soft hold gets a new end, counted from now."""

    reservation: str
    expires_in: Seconds = EXPIRES_IN_DEFAULT_S


class HardenBody(Struct, frozen=True, forbid_unknown_fields=True):
    """A soft hold becomes firm."""

    reservation: str
