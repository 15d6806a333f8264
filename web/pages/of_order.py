"""Documents of an order, a shipment or an invoice, begin with the order: it is in the address, or it is chosen first."""

from __future__ import annotations

from collections.abc import Sequence

from quart import Response
from sqlalchemy.ext.asyncio import AsyncConnection

from inventory.purchasing import queries
from inventory.purchasing.queries import ShownOrder
from kit.errors import refuse
from kit.ids import parse_order_number
from web import respond
from web.access import ctx
from web.forms import Form


async def order_of(connection: AsyncConnection, form: Form) -> ShownOrder | None:
    """The order that the form is of. None where none was named; or it is not there, and the form says so."""
    named = form["order"].strip()
    if not named:
        return None
    number = parse_order_number(named)
    found = None if number is None else await queries.shown(connection, ctx().tenant.id, number)
    if found is None:
        form.refuse(refuse("order_not_found", {"field": "order", "order": named[:64]}).refusal)
    return found


async def choose(template: str, form: Form, orders: Sequence[ShownOrder]) -> Response:
    """The first step: which order. `orders` are those that one most likely means."""
    return await respond.page(template, form.status, form=form, orders=orders)


def filled(form: Form, field: str) -> list[int]:
    """The numbers of the order's lines of which the form says how much, in `field` and the number."""
    found = [name.removeprefix(f"{field}_") for name, value in form.values.items() if value.strip() not in ("", "0")]
    return sorted(int(each) for each in found if each.isascii() and each.isdecimal() and len(each) < 6)
