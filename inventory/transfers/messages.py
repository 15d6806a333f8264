"""Bodies of the verbs that move stock between warehouses, as `api.md` gives them."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct, field

from inventory.ledger.bodies import LINES_MAX, ConditionName, Quantity


class TransferLineBody(Struct, frozen=True, forbid_unknown_fields=True):
    """A line whose warehouse goes without saying: where it leaves, or where it arrives. If said it must be that one."""

    sku: str
    qty: Quantity
    warehouse: str | None = None
    location: str | None = None
    lot: str | None = None
    serial: str | None = None
    owner: str | None = None
    condition: ConditionName | None = None
    unit: str | None = None


TransferLines = Annotated[tuple[TransferLineBody, ...], Meta(min_length=1, max_length=LINES_MAX)]


class TransferBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Stock leaves one warehouse for another. `location` of a line is where it leaves from."""

    source: str = field(name="from")
    to: str
    lines: TransferLines
    reference: str | None = None
    reason: str | None = None
    effective_at: str | None = None


class TransferPartBody(Struct, frozen=True, forbid_unknown_fields=True):
    """A transfer, and which part of it; without lines all that is open. `location` of a line is where it arrives."""

    transfer: str
    lines: TransferLines | None = None
    reason: str | None = None
    effective_at: str | None = None
