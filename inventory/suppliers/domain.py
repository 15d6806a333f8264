"""Rules of buying from a supplier: how many packs, at which price, how soon; and what an offer must look like. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple


class Break(NamedTuple):
    """From `from_qty` packs on, one pack costs `price`."""

    from_qty: int
    price: Decimal


def packs_for(need: int, pack: int, multiple: int, moq: int) -> int:
    """The fewest packs that cover `need` (millionths, as `pack`), at least `moq`, in whole multiples. None needed, none ordered."""
    assert pack > 0 and multiple > 0
    if need <= 0:
        return 0
    packs = max(_ceil(need, pack), moq)
    return _ceil(packs, multiple) * multiple


def price_at(breaks: Sequence[Break], packs: int, base: Decimal | None = None) -> Decimal | None:
    """What one pack costs when `packs` are ordered: the break that begins highest and is reached, else the base price."""
    reached = [each for each in breaks if each.from_qty <= packs]
    return max(reached).price if reached else base


def effective_lead_time(of_offer: int | None, of_supplier: int | None) -> int | None:
    """Days from order to delivery: the offer's own, else the supplier's. None when nobody has said."""
    return of_supplier if of_offer is None else of_offer


def _ceil(amount: int, step: int) -> int:
    return -(-amount // step)
