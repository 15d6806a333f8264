"""Bodies of the physical verbs, as `api.md` gives them: names and decimal strings, not yet ids and millionths."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from inventory.catalog.messages import Money
from kit.clock import SECOND

LINES_MAX = 500
"""Lines of one command: a batch stays well under 100 KiB, above which replies take a slow path (engine.md)."""

AHEAD_MAX_US = 300 * SECOND
"""How far a till's clock may run ahead of ours before its time is not believed."""

Quantity = str | int
ConditionName = Literal["good", "quarantine", "damaged"]


class LineBody(Struct, frozen=True, forbid_unknown_fields=True):
    """So much of an item in a warehouse, in `unit` (without one: the item's base unit)."""

    sku: str
    warehouse: str
    qty: Quantity
    location: str | None = None
    lot: str | None = None
    serial: str | None = None
    owner: str | None = None
    condition: ConditionName = "good"
    unit: str | None = None


class CostedLineBody(Struct, frozen=True, forbid_unknown_fields=True):
    """A line and what one `unit` of it cost."""

    sku: str
    warehouse: str
    qty: Quantity
    location: str | None = None
    lot: str | None = None
    serial: str | None = None
    owner: str | None = None
    condition: ConditionName = "good"
    unit: str | None = None
    unit_cost: Money | None = None


class AdjustLineBody(Struct, frozen=True, forbid_unknown_fields=True):
    """A signed change, or a count: `set_to` if the stock is still `expected`."""

    sku: str
    warehouse: str
    delta: Quantity | None = None
    set_to: Quantity | None = None
    expected: Quantity | None = None
    location: str | None = None
    lot: str | None = None
    serial: str | None = None
    owner: str | None = None
    condition: ConditionName = "good"
    unit: str | None = None


class ReconcileBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Balances are compared with the ledger: all of them, or those of an item, of a warehouse, or of both."""

    warehouse: str | None = None
    sku: str | None = None


Lines = Annotated[tuple[LineBody, ...], Meta(min_length=1, max_length=LINES_MAX)]


class ReceiveBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Stock comes in."""

    lines: Annotated[tuple[CostedLineBody, ...], Meta(min_length=1, max_length=LINES_MAX)]
    reference: str | None = None
    reason: str | None = None
    effective_at: str | None = None


class IssueBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Stock leaves without having been reserved. `late`: it left at `effective_at`, out of our sight, so it is not refused."""

    lines: Lines
    reference: str | None = None
    reason: str | None = None
    effective_at: str | None = None
    late: bool = False


class AdjustBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Stock is put right, for a reason."""

    lines: Annotated[tuple[AdjustLineBody, ...], Meta(min_length=1, max_length=LINES_MAX)]
    reason: str
    reference: str | None = None
    effective_at: str | None = None
