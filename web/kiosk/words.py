"""What the till's scripts say, in the reader's language. The page carries it, because a till without a connection cannot ask.

A place for a value is `{}`. What is counted has three forms: for one, for two and for five; the script takes the one that fits.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from quart_babel import gettext, ngettext

from web.filters import ROLES, UNITS

Words = dict[str, str | list[str] | dict[str, str]]


def words() -> Words:
    """By name."""
    return {**_truth(), **_selling(), **_counted(), "units": _said(UNITS), "roles": _said(ROLES)}


def _truth() -> Words:
    return {
        "online": gettext("Online"),
        "connecting": gettext("Connecting"),
        "offline": gettext("Offline"),
        "since": gettext("since %(time)s", time="{}"),
        "signed_out": gettext("Signed out"),
        "stock_from": gettext("Stock shown is from %(time)s.", time="{}"),
        "in_your_name": gettext("Sales by %(person)s wait on this till and are sent in the name of %(you)s.", person="{}", you="{}"),
        "waits": gettext("Waits"),
        "refused": gettext("Refused"),
        "sent": gettext("Sent"),
        "settled": gettext("Settled by %(person)s", person="{}"),
        "nothing_sold": gettext("Nothing was sold here yet."),
        "exceptions": gettext("%(what)s more than there was", what="{}"),
    }


def _selling() -> Words:
    return {
        "till": gettext("Till"),
        "each": gettext("%(price)s each", price="{}"),
        "per": gettext("%(price)s for 1 %(unit)s", price="{}", unit="{}"),
        "no_price": gettext("no price"),
        "left": gettext("%(qty)s left", qty="{}"),
        "left_at": gettext("%(qty)s left at %(time)s", qty="{}", time="{}"),
        "to_pay": gettext("To pay"),
        "to_give_back": gettext("To give back"),
        "nothing_found": gettext("Nothing here is called %(text)s.", text="{}"),
        "no_catalogue": gettext("There is nothing to sell yet: the catalogue has not been read."),
        "catalogue": gettext("%(items)s items can be scanned or found by name.", items="{}"),
        "not_so_many_decimals": gettext("This is counted with at most %(decimals)s decimals.", decimals="{}"),
        "how_much": gettext("Say how much: %(item)s is weighed or measured.", item="{}"),
        "holding": gettext("Asking for the goods…"),
        "held": gettext("The goods are held until this is paid."),
        "not_held": gettext("No connection: nothing is held. The sale is kept when it is paid."),
        "only_available": gettext(
            "Only %(available)s of %(requested)s are available: %(item)s.", available="{}", requested="{}", item="{}"
        ),
        "take": gettext("Take %(qty)s", qty="{}"),
        "leave_out": gettext("Leave out %(item)s", item="{}"),
        "paid_cash": gettext("Paid, %(sum)s", sum="{}"),
        "paid_card": gettext("Paid by card, %(sum)s", sum="{}"),
        "change": gettext("Change from %(sum)s", sum="{}"),
        "cash": gettext("Cash"),
        "card": gettext("Card"),
        "returned": gettext("Return"),
        "sold": gettext("Sold: %(sum)s", sum="{}"),
        "sold_offline": gettext("Sold and kept on this till: %(sum)s", sum="{}"),
        "taken_back": gettext("Taken back: %(what)s", what="{}"),
        "oversold": gettext("More was sold than was counted: %(what)s. It is noted for a manager.", what="{}"),
        "set_aside": gettext("Set aside"),
        "bring_back": gettext("Bring back, %(count)s", count="{}"),
        "card_needs_line": gettext("Card needs a connection. Cash sales are final."),
        "may_not_return": gettext("Returns are for those who may receive goods: %(role)s may not.", role="{}"),
        "no_camera": gettext("The camera cannot be used here."),
    }


def _counted() -> Words:
    forms = {
        "sending": [ngettext("sending %(num)s sale", "sending %(num)s sales", count) for count in (1, 2, 5)],
        "waiting": [ngettext("%(num)s sale waiting", "%(num)s sales waiting", count) for count in (1, 2, 5)],
        "attention": [ngettext("%(num)s sale needs attention.", "%(num)s sales need attention.", count) for count in (1, 2, 5)],
    }
    return {name: [_open(form, count) for form, count in zip(found, (1, 2, 5), strict=True)] for name, found in forms.items()}


def _said(names: Mapping[str, Any]) -> dict[str, str]:
    return {code: str(name) for code, name in names.items()}


def _open(form: str, count: int) -> str:
    return form.replace(str(count), "{}")
