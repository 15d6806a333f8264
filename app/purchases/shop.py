"""Preparing the company: the unit, warehouses, suppliers and items of the plan. What is there already stays as it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from app.purchases.plan import CURRENCY, UNIT, Good, Plan, median_days, prefix
from app.sales.many import at_once
from app.sales.rest import Rest, Stuck, Target, detail
from kit.ids import token

DELIVERIES_MIN = 3
"""Fewer deliveries say nothing about how long a supplier takes."""
THERE = ("code_taken", "sku_taken")
Json = dict[str, Any]
Tick = Callable[[int], None]


class Thing(NamedTuple):
    """Something to make: a path, a body, and the key it is made under."""

    path: str
    body: Mapping[str, Any]
    key: str


def missing(rest: Rest, plan: Plan) -> list[list[Thing]]:
    """What is not there yet, in steps: packagings come after their items."""
    units = {each["code"] for each in rest.get("inventory/units")["items"]}
    there = {each["code"] for page in rest.pages("inventory/warehouses") for each in page}
    suppliers = {each["code"] for page in rest.pages("inventory/suppliers") for each in page}
    items = {each["sku"] for page in rest.pages("inventory/items") for each in page}
    # Codes are what makes these happen once; a key of each run lets what was refused for a full plan be asked again.
    keyed = f"{prefix(plan.digest)}make:{token(6)}:"
    first = [Thing("inventory/units", {"code": UNIT, "name": "Pack"}, f"{keyed}unit")] if UNIT not in units else []
    first += [
        Thing("inventory/warehouses", {"code": code, "name": name}, f"{keyed}warehouse:{code}")
        for code, name in plan.warehouses.items()
        if code not in there
    ]
    first += [
        Thing("inventory/suppliers", {"code": code, "name": name, "currency": CURRENCY}, f"{keyed}supplier:{code}")
        for code, name in plan.suppliers.items()
        if code not in suppliers
    ]
    first += [thing for good in plan.goods.values() if good.sku not in items for thing in _item(good, keyed)]
    return [first, [_packaging(good, keyed) for good in plan.goods.values()]]


def make(target: Target, things: list[Thing], tick: Tick) -> None:
    """Make them, several at a time."""

    def one(rest: Rest, thing: Thing) -> int:
        status, answer = rest.post(thing.path, thing.body, thing.key)
        # What is there by now was made by somebody else meanwhile; anything else, such as a full plan, has to be said.
        if status not in (200, 201) and answer.get("code") not in THERE:
            raise Stuck(f"{thing.path} could not be made ({thing.key}): {detail(answer)}")
        return 1

    at_once(target, things, one, tick)


def time_suppliers(rest: Rest, plan: Plan) -> dict[str, int]:
    """Give suppliers of the plan that have no lead time the one that their receipts show; answers what was given."""
    measured = {each["supplier"]: each for page in rest.pages("purchasing/lead-times") for each in page}
    without = [each for page in rest.pages("inventory/suppliers") for each in page if each["lead_time_days"] is None]
    given: dict[str, int] = {}
    for supplier in without:
        code = supplier["code"]
        if code not in plan.suppliers or measured.get(code, {"deliveries": 0})["deliveries"] < DELIVERIES_MIN:
            continue
        days = measured[code]["median_days"]
        key = f"{prefix(plan.digest)}lead-time:{code}:{supplier['version']}"
        status, answer = rest.patch(f"inventory/suppliers/{code}", {"lead_time_days": days}, key, supplier["version"])
        if status != 200:
            raise Stuck(f"The lead time of {code} could not be set: {detail(answer)}")
        given[code] = days
    return given


def measured_apart(rest: Rest, days: Mapping[str, list[int]], foreign: set[str]) -> list[str]:
    """Where lead times as the company measures them are not what the file says. Suppliers with other receipts are passed over."""
    measured = {each["supplier"]: each for page in rest.pages("purchasing/lead-times") for each in page}
    told: list[str] = []
    for code, each in days.items():
        found, expected = measured.get(code, {}), (len(each), median_days(each))
        if code not in foreign and (found.get("deliveries"), found.get("median_days")) != expected:
            told.append(f"lead time of {code}: {expected} expected, {found.get('deliveries')}, {found.get('median_days')} found")
    return told


def _item(good: Good, keyed: str) -> Iterator[Thing]:
    yield Thing("inventory/items", {"sku": good.sku, "name": good.name}, f"{keyed}item:{good.sku}")


def _packaging(good: Good, keyed: str) -> Thing:
    return Thing(f"inventory/items/{good.sku}/units", {"unit": UNIT, "base": good.pack}, f"{keyed}pack:{good.sku}")
