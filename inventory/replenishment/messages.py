"""What people ask of replenishment, as it travels on the wire, and the name of the fact recorded about it."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from inventory.ledger.bodies import Quantity

LINES_MAX = 2_000
"""Suggestions that become drafts in one transaction, a few seconds of it."""
ASSIGNED_MAX = 500

SUGGESTIONS_DRAFTED = "suggestions_drafted"


class ChosenLine(Struct, frozen=True, forbid_unknown_fields=True):
    """A suggestion to be ordered. `qty` counts packs of the supplier; what is left out is as suggested. A `supplier` that does not
    offer the item yet sells it by the base unit."""

    sku: str
    warehouse: str
    supplier: str | None = None
    qty: Quantity | None = None


ChosenLines = Annotated[tuple[ChosenLine, ...], Meta(min_length=1, max_length=LINES_MAX)]


class Drafting(Struct, frozen=True, forbid_unknown_fields=True):
    """Suggestions that become drafts: those named, or all there are, of one warehouse or supplier if that is said."""

    lines: ChosenLines | None = None
    all: bool = False
    warehouse: str | None = None
    supplier: str | None = None


class AssignedSupplier(Struct, frozen=True, forbid_unknown_fields=True):
    """Whom an item is bought from first."""

    sku: str
    supplier: str


class Assigning(Struct, frozen=True, forbid_unknown_fields=True):
    """Preferred suppliers of several items, each named once."""

    lines: Annotated[tuple[AssignedSupplier, ...], Meta(min_length=1, max_length=ASSIGNED_MAX)]


class Sending(Struct, frozen=True, forbid_unknown_fields=True):
    """What another warehouse has too much of goes to where it is short, as far as both allow."""

    sku: str
    warehouse: str
    source: str
