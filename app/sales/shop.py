"""Preparing the company: its warehouses, the items of the plan, and the opening stock. All under keys of the file's own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar

from app.sales.many import at_once
from app.sales.plan import CURRENCY, Cell, Good, Plan, prefix
from app.sales.rest import Rest, Stuck, Target, detail, turned_away
from app.settings import CannotStart

WAREHOUSES_MAX = 3
LINES = 200
"""Lines of one opening receipt. Its answer shows every row, and should stay well under 100 KiB (engine.md)."""
RECEIPTS = 10
Tick = Callable[[int], None]
Thing = TypeVar("Thing")
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Claim:
    """The replay's mark in the ledger: two rows that cancel out. `chain` tells this ledger from every other one."""

    seq: int
    chain: str


def warehouses(rest: Rest) -> list[str]:
    """The company's first warehouses, by code. Raises CannotStart when it has none."""
    found = sorted(each["code"] for each in rest.get("inventory/warehouses")["items"] if not each.get("archived_at"))
    if not found:
        raise CannotStart("The company has no warehouse yet: make one first, and up to three are used.")
    return found[:WAREHOUSES_MAX]


def missing(rest: Rest, goods: Iterable[Good]) -> list[Good]:
    """The goods that are no items yet. Those that are, stay as they are."""
    known = {item["sku"] for page in rest.pages("inventory/items") for item in page}
    return [good for good in goods if good.sku not in known]


def make_items(target: Target, goods: list[Good], digest: str, tick: Tick) -> None:
    """Make items, several at a time."""

    def make(rest: Rest, good: Good) -> int:
        status, answer = rest.post("inventory/items", _item(good), f"{prefix(digest)}item:{good.sku}")
        if status == 404:
            raise Stuck(turned_away(target, 401))
        if status not in (201, 409):
            raise Stuck(f"The item {good.sku} could not be made: {detail(answer)}")
        # 409: it is there, archived perhaps. If it cannot be received, the opening stock will say so.
        return 1

    at_once(target, goods, make, tick)


def claim(rest: Rest, plan: Plan) -> Claim:
    """Put the replay's mark into the ledger, or find it there, and make sure that nobody replayed this file before it.

    Keys belong to whoever sends them. Somebody else's replay of the same file would not be recognised command by command, and
    everything would be counted twice; their opening stock, older than our mark, gives them away. Raises CannotStart then.
    """
    if not plan.opening:
        return Claim(0, "")
    (sku, warehouse), key = next(iter(plan.opening)), f"{prefix(plan.digest)}begin"
    at = {"sku": sku, "warehouse": warehouse}
    body = {"lines": [at | {"delta": "1"}, at | {"delta": "-1"}], "reason": f"replay {plan.digest} begins", "effective_at": plan.opened_at}
    status, answer = rest.post("stock/adjust", body, key)
    if status != 200:
        raise Stuck(_not_done("The replay could not begin", answer))
    mark = Claim(int(answer["seq"]), str(answer["movements"][-1]["hash"]))
    for page in rest.pages("stock/ledger", sku=sku, warehouse=warehouse, before=mark.seq):
        for row in page:
            if str(row["key"]).startswith(prefix(plan.digest)) and row["kind"] != "adjust":
                raise CannotStart(
                    f"This export was already replayed into this company with another API key (by {row['by']}, row {row['seq']}). "
                    "Use that key, or everything would be counted twice."
                )
    return mark


def stock_up(rest: Rest, plan: Plan, tick: Tick) -> None:
    """Receive the opening stock."""
    for commands in _in_groups(_receipts(plan), RECEIPTS):
        status, answer = rest.post("stock/bulk", {"commands": commands}, commands[0]["key"])
        if status != 200:
            raise Stuck(_not_done("The opening stock was not taken", answer))
        results = answer["results"]
        while again := [number for number, result in enumerate(results) if result["status"] in (429, 500, 503)]:
            _, answer = rest.post("stock/bulk", {"commands": [commands[number] for number in again]}, commands[again[0]]["key"])
            for number, result in zip(again, answer["results"], strict=True):
                results[number] = result
        for command, result in zip(commands, results, strict=True):
            if result["status"] != 200:
                raise Stuck(_not_done("The opening stock was not taken", result["problem"]))
            tick(len(command["lines"]))


def _receipts(plan: Plan) -> Iterator[Json]:
    for warehouse in plan.warehouses:
        mine = ((cell, pieces) for cell, pieces in plan.opening.items() if cell[1] == warehouse)
        for number, group in enumerate(_in_groups(mine, LINES)):
            yield {
                "verb": "receive",
                "key": f"{prefix(plan.digest)}opening:{warehouse}:{number}",
                "lines": [_line(cell, pieces) for cell, pieces in group],
                "reference": f"replay {plan.digest}",
                "reason": "opening stock",
                "effective_at": plan.opened_at,
            }


def _line(cell: Cell, pieces: int) -> Json:
    return {"sku": cell[0], "warehouse": cell[1], "qty": str(pieces)}


def _item(good: Good) -> Json:
    item: Json = {"sku": good.sku, "name": good.name}
    if good.price is not None:
        item["price"] = {"amount": f"{good.price:f}", "currency": CURRENCY}
    return item


def _not_done(what: str, problem: Json) -> str:
    if problem.get("code") == "idempotency_key_reused":
        return (
            f"{what}: this export was replayed into this company before, in other warehouses or by another version of Onhand, "
            "so its commands would not be recognised. Nothing was counted twice; use a company of its own for it."
        )
    return f"{what}: {detail(problem)}"


def _in_groups(things: Iterable[Thing], size: int) -> Iterator[list[Thing]]:
    rest = iter(things)
    while group := list(islice(rest, size)):
        yield group
