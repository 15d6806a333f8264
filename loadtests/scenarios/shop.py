"""A web shop over REST: it looks things up, asks what is available, and sells; sometimes it sends the same thing twice."""

from __future__ import annotations

import random
from typing import Any

from locust import between, task

from loadtests.scenarios.asking import Asker
from loadtests.scenarios.books import Command
from loadtests.scenarios.company import Json
from loadtests.scenarios.goods import Goods, wire

HOLD_S = 86_400
TWICE = 0.2
"""Share of orders that are sent twice: a browser that lost patience."""


class Shopper(Asker):
    """One customer after the other."""

    weight = 35
    wait_time = between(1, 2.5)
    scenario = "shop"

    @property
    def goods(self) -> Goods:
        """What is sold."""
        return self.stage.shelves.shelf

    @task(4)
    def look_up(self) -> None:
        """An item by its code."""
        sku = random.choice(self.goods.skus)
        self.read("look up", self.goods.company, f"inventory/lookup?code={sku}", lambda item: _is(item.get("sku"), sku))

    @task(6)
    def ask_availability(self) -> None:
        """What is to be had of an item, and where."""
        sku = random.choice(self.goods.skus)
        self.read("availability", self.goods.company, f"stock/levels/{sku}", lambda found: _adds_up(sku, found))

    @task(6)
    def order(self) -> None:
        """Reserve; then it is paid, or the customer has left."""
        reserve = self._reserve()
        status, body = self.perform("reserve", reserve)
        if random.random() < TWICE and status:
            self._repeat(reserve, status, body)
        if status == 201:
            verb = "commit" if random.random() < 0.7 else "release"
            self.perform(verb, self.stage.end_of_hold(self.goods, self.role, verb, reserve, body["reservation"]["id"]))

    @task(1)
    def use_a_key_twice(self) -> None:
        """The same key for something else is a mistake of the program's, and is told so."""
        reserve = self._reserve()
        status, body = self.perform("reserve", reserve)
        other = {**reserve.body, "reference": "something else"}
        headers = self.goods.company.bearer(self.role) | {"Idempotency-Key": reserve.key}
        path = f"{self.goods.company.base}/stock/reserve"
        with self.client.post(path, json=other, headers=headers, name=self.named("key reused"), catch_response=True) as response:
            code = (response.json() or {}).get("code") if response.content else None
            right = (response.status_code, code) == (422, "idempotency_key_reused")
            response.success() if right else response.failure(f"{response.status_code} {code}")
        if status == 201:
            self.perform("release", self.stage.end_of_hold(self.goods, self.role, "release", reserve, body["reservation"]["id"]))

    def _repeat(self, reserve: Command, status: int, body: Json) -> None:
        again = self.perform("reserve again", reserve, again=True)
        if again != (status, body):
            self.stage.books.counts["repetitions answered differently"] += 1

    def _reserve(self) -> Command:
        warehouse = random.choice(self.goods.warehouses)
        lines = tuple((sku, warehouse, random.randint(1, 2)) for sku in random.sample(self.goods.skus, random.randint(1, 2)))
        body = {"lines": wire(lines), "reference": "web shop", "expires_in": HOLD_S}
        return Command(self.goods.company, self.role, "reserve", self.stage.key(self.scenario), body, lines)


def _is(found: Any, expected: str) -> str:
    return "" if found == expected else f"it is {found}"


def _adds_up(sku: str, found: Json) -> str:
    """The sum of an item must be that of its warehouses."""
    if found.get("sku") != sku:
        return f"it is about {found.get('sku')}"
    for name in ("on_hand", "reserved", "available"):
        if int(found[name]) != sum(int(each[name]) for each in found["warehouses"]):
            return f"{name} is not the sum of the warehouses"
    return ""
