"""A receiving dock: pallets come in by the bulk, goods go on to the other warehouse, and counts are put right by compare-and-set."""

from __future__ import annotations

import random

from locust import between, task

from loadtests.scenarios import right
from loadtests.scenarios.asking import Asker
from loadtests.scenarios.books import Command, Line
from loadtests.scenarios.company import Json
from loadtests.scenarios.goods import Goods, wire

PALLETS = 20
LINES_MAX = 4
COUNTED_ITEMS = 3
"""Several people count the same few items, so that they get in each other's way."""
TRIES_MAX = 8


class Dockhand(Asker):
    """Somebody with a scanner at the gate."""

    weight = 5
    wait_time = between(2, 5)
    scenario = "receiving_dock"
    role = "inventory"

    @property
    def goods(self) -> Goods:
        """What comes in."""
        return self.stage.shelves.dock

    @task(3)
    def receive_pallets(self) -> None:
        """A lorry at once: each pallet stands alone."""
        pallets = [self._command("receive", self._lines(self.goods.warehouses[0])) for _ in range(PALLETS)]
        commands = [{"verb": each.verb, "key": each.key, **each.body} for each in pallets]
        for each in pallets:
            self.stage.begin(each)
        company, path = self.goods.company, f"{self.goods.company.base}/stock/bulk"
        with self.client.post(
            path, json={"commands": commands}, headers=company.bearer(self.role), name=self.named("bulk"), catch_response=True
        ) as response:
            results = response.json()["results"] if response.status_code == 200 else []
            wrong = self._unlike(pallets, results) or ("" if results else f"{response.status_code or 'no answer'}")
            response.failure(wrong) if wrong else response.success()
        for each, result in zip(pallets, results, strict=False):
            self.stage.books.answered(each, result["status"])

    @task(3)
    def pass_on(self) -> None:
        """Goods leave for the other warehouse and arrive there."""
        source, to = self.goods.warehouses
        lines = self._lines(to)
        body = {"from": source, "to": to, "lines": [{"sku": sku, "qty": str(pieces)} for sku, _, pieces in lines]}
        ship = Command(self.goods.company, self.role, "transfer", self.stage.key(self.scenario), body, lines, source)
        status, answer = self.perform("ship", ship)
        if status == 201:
            arrival = {"transfer": answer["transfer"]["id"]}
            self.perform("arrive", Command(self.goods.company, self.role, "transfer/receive", f"{ship.key}:arrive", arrival, lines))

    @task(2)
    def count(self) -> None:
        """What is counted replaces what is known, if nobody was faster; else it is counted again."""
        sku, warehouse = random.choice(self.goods.skus[:COUNTED_ITEMS]), self.goods.warehouses[0]
        for _ in range(TRIES_MAX):
            found = self.read("look", self.goods.company, f"stock/levels/{sku}", lambda body: "" if body.get("sku") == sku else "not it")
            if found is None:
                return
            here = next(int(each["on_hand"]) for each in found["warehouses"] if each["warehouse"] == warehouse)
            status, _ = self.perform("count", self._count(sku, warehouse, here, max(0, here + random.randint(-2, 3))))
            if status != 409:
                return
            self.stage.books.counts["counts that were overtaken"] += 1

    def _count(self, sku: str, warehouse: str, expected: int, counted: int) -> Command:
        line = {"sku": sku, "warehouse": warehouse, "set_to": str(counted), "expected": str(expected)}
        return self._command("adjust", ((sku, warehouse, counted - expected),), {"lines": [line], "reason": "count"})

    def _lines(self, warehouse: str) -> tuple[Line, ...]:
        skus = random.sample(self.goods.skus, random.randint(1, LINES_MAX))
        return tuple((sku, warehouse, random.randint(1, 12)) for sku in skus)

    def _command(self, verb: str, lines: tuple[Line, ...], body: Json | None = None) -> Command:
        return Command(self.goods.company, self.role, verb, self.stage.key(self.scenario), body or {"lines": wire(lines)}, lines)

    def _unlike(self, pallets: list[Command], results: list[Json]) -> str:
        """Results stand in the order asked, and each is right by itself."""
        if [each.key for each in pallets] != [result.get("key") for result in results]:
            return f"{len(results)} results for {len(pallets)} commands, or in another order"
        each_with = zip(pallets, results, strict=True)
        found = (right.complaint(each, result["status"], result.get("problem") or result) for each, result in each_with)
        return next((wrong for wrong in found if wrong), "")
