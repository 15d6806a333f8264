"""An exception as everyone passes it on, what people ask of one, and the name of the fact recorded about it."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Kind = Literal["oversold", "overpromised"]
Status = Literal["open", "settled"]

EXCEPTION_SETTLED = "exception_settled"


class Exceptional(Struct, frozen=True):
    """`qty` of an item in a warehouse, in millionths: left without having been there, or promised and not there.

    `seq`: the correction row that put it on the books, or the last row of the cell. Who, when and why are known of what was
    oversold only.
    """

    kind: Kind
    seq: int
    item: int
    warehouse: int
    qty: int
    effective_at_us: int | None = None
    recorded_at_us: int | None = None
    principal: int | None = None
    reference: str = ""
    settled_at_us: int | None = None
    settled_by: int | None = None
    note: str = ""


class SettleBody(Struct, frozen=True, forbid_unknown_fields=True):
    """What was found: counted anew, a receipt that was never posted, a theft …"""

    note: str
