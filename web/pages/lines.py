"""Lines of a form that one fills item by item: what is there comes back with it; one more is found by what was typed or scanned."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from inventory.catalog import queries as catalog
from inventory.ledger import queries as ledger
from inventory.ledger.queries import Cell, ItemLevel
from kit.errors import Fact, Refusal, refuse
from web import asking
from web.access import ctx
from web.forms import Form

LINES_MAX = asking.PAGE_ROWS


def numbers(form: Form) -> list[int]:
    """The numbers of the lines that a form brings, in their order."""
    return [number for number in range(LINES_MAX) if form[f"sku_{number}"]]


def with_skus(form: Form, skus: Sequence[str]) -> Form:
    """The form with a line for each of these items."""
    form.values |= {f"sku_{number}": sku for number, sku in enumerate(skus[:LINES_MAX])}
    return form


async def add_typed(form: Form) -> int:
    """The number of the line for the code in the field `add`, a new one unless it is there. What belongs to no item is a refusal
    beside that field."""
    code = form.text("add", 64)
    async with ctx().reading() as connection:
        found = await catalog.item_by_code(connection, ctx().tenant.id, code)
    if found is None:
        raise refuse("unknown_item", {"field": "add", "sku": code})
    form.values["add"] = ""
    taken = numbers(form)
    here = next((number for number in taken if form[f"sku_{number}"] == found.sku), None)
    if here is not None:
        return here
    if len(taken) >= LINES_MAX:
        raise refuse("too_many_lines", {"field": "add"}, max=LINES_MAX)
    number = max(taken, default=-1) + 1
    form.values[f"sku_{number}"] = found.sku
    return number


async def levels_of_lines(form: Form) -> dict[int, ItemLevel]:
    """The items of the lines by their numbers. A line of an unknown item is left out, and what is wrong with it is said above the form."""
    of_line = {number: form[f"sku_{number}"] for number in numbers(form)}
    context = ctx()
    async with context.reading() as connection:
        levels = await ledger.levels_of(connection, context.tenant.id, context.clock(), list(dict.fromkeys(of_line.values())))
    by_sku = {level.sku: level for level in levels}
    for number, sku in of_line.items():
        if sku not in by_sku and f"qty_{number}" in form.errors:
            form.errors.setdefault("", form.errors.pop(f"qty_{number}"))
    return {number: by_sku[sku] for number, sku in of_line.items() if sku in by_sku}


def cell_in(level: ItemLevel, warehouse: str) -> Cell | None:
    """The item's cell in a warehouse."""
    return next((cell for cell in level.cells if cell.warehouse == warehouse), None)


def nothing_typed(field: str) -> Refusal:
    """Why a form without any quantity cannot be sent."""
    return Refusal("value_missing", ({"field": field},))


def beside_lines(numbers: Sequence[int], fields: Sequence[str], shown: Callable[[Fact], Fact] = dict) -> Callable[[Fact], Fact]:
    """Makes a refusal's facts say beside which field of which line of the form they belong: `qty_3`. The command's lines are those
    with these `numbers`; what is about none of the `fields` belongs beside the first of them."""

    def beside(fact: Fact) -> Fact:
        told, line = shown(fact), fact.get("line")
        if not isinstance(line, int) or line >= len(numbers):
            return told
        field = str(fact.get("field", "")).partition(".")[0]
        return {**told, "field": f"{field if field in fields else fields[0]}_{numbers[line]}"}

    return beside
