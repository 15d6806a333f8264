"""Bodies of the promising verbs, as `api.md` gives them."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from inventory.ledger.bodies import LINES_MAX, ConditionName, Lines, Quantity

EXPIRES_IN_MAX_S = 604_800
"""A week, and less where the company has chosen so: a promise that is meant to last longer is made firm."""

WAREHOUSES_MAX = 10
"""Warehouses that one line may choose from. All lines together name at most as many as a command may have lines."""

Seconds = Annotated[int, Meta(ge=1, le=EXPIRES_IN_MAX_S)]


class ReserveLineBody(Struct, frozen=True, forbid_unknown_fields=True):
    """So much of an item in `warehouse`, or out of `warehouses` in order of preference, of which each gives as much as it has
    available. What one of them gives is a multiple of `multiple`, if that is said."""

    sku: str
    qty: Quantity
    warehouse: str | None = None
    warehouses: Annotated[tuple[str, ...], Meta(min_length=1, max_length=WAREHOUSES_MAX)] | None = None
    multiple: Quantity | None = None
    location: str | None = None
    lot: str | None = None
    serial: str | None = None
    owner: str | None = None
    condition: ConditionName = "good"
    unit: str | None = None


class ReserveBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Stock is promised; a soft hold ends after `expires_in` seconds from now, whenever it was made. `partial`: what there is,
    and the rest is told as `backordered`."""

    lines: Annotated[tuple[ReserveLineBody, ...], Meta(min_length=1, max_length=LINES_MAX)]
    reference: str | None = None
    hold: Literal["soft", "hard"] = "soft"
    expires_in: Seconds | None = None
    effective_at: str | None = None
    partial: bool = False


class PartBody(Struct, frozen=True, forbid_unknown_fields=True):
    """A reservation, and which part of it; without lines all that is open."""

    reservation: str
    lines: Lines | None = None
    effective_at: str | None = None


class ExtendBody(Struct, frozen=True, forbid_unknown_fields=True):
    """A soft hold gets a new end, counted from now."""

    reservation: str
    expires_in: Seconds | None = None


class HardenBody(Struct, frozen=True, forbid_unknown_fields=True):
    """A soft hold becomes firm."""

    reservation: str
