"""What each setting is, in words that need no manual: its name, what it does, and what its choices are called."""

from __future__ import annotations

from typing import NamedTuple

from quart_babel import lazy_gettext
from quart_babel.speaklater import LazyString

_ = lazy_gettext


Words = str | LazyString
"""In the reader's language when they are shown."""


class Explained(NamedTuple):
    """The words of a setting."""

    title: Words
    says: Words


GROUPS = {
    "company": _("Company"),
    "formats": _("Dates and numbers"),
    "stock": _("Stock"),
    "buying": _("Buying"),
    "security": _("Signing in"),
}
SETTINGS = {
    "name": Explained(_("Company name"), _("Shown on every page and at the door.")),
    "time_zone": Explained(_("Time zone"), _("All times are shown on this clock, unless a person has chosen another one.")),
    "language": Explained(_("Language"), _("For everybody who has not chosen a language of their own.")),
    "currency": Explained(
        _("Currency"),
        _("All costs are kept in it. It cannot change once goods were received with a cost: old costs would mean something else."),
    ),
    "date_format": Explained(_("Dates"), _("How days are written, unless a person has chosen otherwise.")),
    "number_format": Explained(_("Numbers"), _("What separates thousands and decimals, on pages and in what is typed into forms.")),
    "hold_default_s": Explained(
        _("Usual hold"), _("How long a reservation lasts when nobody says how long. Then its stock is available again.")
    ),
    "hold_max_s": Explained(
        _("Longest hold"), _("Nobody may ask for a longer one. A promise that is meant to last longer is made firm, and has no end.")
    ),
    "negative_stock": Explained(
        _("Negative stock"),
        _(
            "Always off. Stock below zero would mean that promises rest on goods nobody has, so every promise would be worth nothing. "
            "Goods that left before they were booked in are recorded as a late sale instead: that is never refused, and shows "
            "as an exception."
        ),
    ),
    "over_receipt_percent": Explained(
        _("Over-receipt"),
        _("How much more than was ordered a delivery may bring before it is refused. Whoever may can take more all the same."),
    ),
    "approval_limit": Explained(
        _("Managers approve up to"),
        _("Orders for more, or in another currency, are approved by admins only. In the company's currency; 0 is without a limit."),
    ),
    "order_four_eyes": Explained(_("Four eyes"), _("Whoever puts an order forward cannot approve it: somebody else has to look at it.")),
    "invoice_qty_percent": Explained(
        _("Invoiced quantity"), _("How much more than came and was accepted an invoice may ask for before somebody has to look at it.")
    ),
    "invoice_amount_percent": Explained(
        _("Invoiced amount"), _("How far prices and amounts of an invoice may be from the order before somebody has to look at it.")
    ),
    "session_idle_minutes": Explained(_("Sign out when idle"), _("A session that nobody uses for so long has ended.")),
    "session_longest_hours": Explained(_("Sign out at the latest"), _("A session ends then even when it is used all the time.")),
    "second_factor": Explained(_("Second factor"), _("Who needs a code from their phone beside the password.")),
}
CHOICES: dict[str, dict[str, Words]] = {
    "date_format": {
        "auto": _("As the language has it: 21 Nov"), "iso": "2026-11-21", "dmy": "21.11.2026", "mdy": "11/21/2026",
    },
    "number_format": {"auto": _("As the language has it"), "point": "1,204.50", "comma": "1\u00a0204,50"},
    "negative_stock": {"off": _("Off")},
    "order_four_eyes": {"off": _("Off"), "on": _("On")},
    "second_factor": {"nobody": _("Nobody"), "admins": _("Admins"), "everyone": _("Everybody")},
    "language": {"en": "English", "ru": "Русский", "ky": "Кыргызча"},
}  # fmt: skip
UNITS: dict[str, Words] = {"s": _("seconds"), "min": _("minutes"), "h": _("hours"), "%": "%"}
