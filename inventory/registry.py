"""Which rule decides which stock command. A new stock verb is one line here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from inventory.decision import Decision, Needs, Refusal, StockView
from inventory.ledger import domain as ledger
from inventory.ledger import messages as m
from inventory.purchasing import receiving
from inventory.reservations import domain as reservations
from inventory.reservations import split
from inventory.transfers import domain as transfers


class Handler(NamedTuple):
    """What to load for a command, how to decide it, and which facts its outcome shows (`rows`, or the document)."""

    needs: Callable[[Any], Needs]
    decide: Callable[[StockView, Any, int], Decision | Refusal]
    shows_rows: bool


HANDLERS: dict[type, Handler] = {
    m.Receive: Handler(ledger.needs_of_lines, ledger.decide_receive, True),
    m.Issue: Handler(ledger.needs_of_lines, ledger.decide_issue, True),
    m.Adjust: Handler(ledger.needs_of_lines, ledger.decide_adjust, True),
    m.Reserve: Handler(reservations.needs_of_reserve, reservations.decide_reserve, False),
    m.ReserveSplit: Handler(split.needs_of_split, split.decide_split, False),
    m.Commit: Handler(reservations.needs_of_reservation, reservations.decide_commit, False),
    m.Release: Handler(reservations.needs_of_reservation, reservations.decide_release, False),
    m.Extend: Handler(reservations.needs_of_reservation, reservations.decide_extend, False),
    m.Harden: Handler(reservations.needs_of_reservation, reservations.decide_harden, False),
    m.Expire: Handler(reservations.needs_of_reservation, reservations.decide_expire, False),
    m.Ship: Handler(transfers.needs_of_ship, transfers.decide_ship, False),
    m.Arrive: Handler(transfers.needs_of_transfer, transfers.decide_arrive, False),
    m.WriteOff: Handler(transfers.needs_of_transfer, transfers.decide_write_off, False),
    m.Correct: Handler(ledger.needs_of_correct, ledger.decide_correct, True),
    m.ReceiveOrder: Handler(receiving.needs_of_receive, receiving.decide_receive, True),
    m.TakeBack: Handler(receiving.needs_of_take_back, receiving.decide_take_back, True),
    m.Ordered: Handler(receiving.needs_of_ordered, receiving.decide_ordered, False),
}
