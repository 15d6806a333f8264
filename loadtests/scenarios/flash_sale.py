"""A flash sale: one item, few pieces, everybody at once. A fifth sends its order twice, a tenth hangs up; each piece is sold once."""

from __future__ import annotations

import random
import socket
from urllib.parse import urlsplit

import orjson
from locust import between, task

from loadtests.scenarios.asking import TIMEOUT_S, Asker
from loadtests.scenarios.books import Books, Command
from loadtests.scenarios.goods import Shelves, wire
from loadtests.verdict import Check

TWICE = 0.2
HANGS_UP = 0.1
COMES_BACK = 0.5
"""Of those who hung up; the others never learn what became of their order."""
HOLD_S = 86_400


class Buyer(Asker):
    """Somebody who wants one piece, and then somebody else."""

    weight = 20
    wait_time = between(0.3, 1)
    scenario = "flash_sale"

    @task
    def buy(self) -> None:
        """One order for one piece: promised, or sold out."""
        order = self._order()
        if random.random() < HANGS_UP:
            self._hang_up(order)
            if random.random() > COMES_BACK:
                return
        status, body = self.perform("order", order)
        if random.random() < TWICE and status:
            again = self.perform("order again", order, again=True)
            if again != (status, body):
                self.stage.books.counts["repetitions answered differently"] += 1

    def _order(self) -> Command:
        goods = self.stage.shelves.drop
        lines = ((goods.skus[0], goods.warehouses[0], 1),)
        body = {"lines": wire(lines), "expires_in": HOLD_S}
        return Command(goods.company, self.role, "reserve", self.stage.key(self.scenario), body, lines)

    def _hang_up(self, order: Command) -> None:
        """Send the order and close the line without waiting."""
        self.stage.begin(order)
        company, body = order.company, orjson.dumps(order.body)
        place = urlsplit(company.url)
        headers = company.bearer(order.role) | {
            "Host": place.netloc,
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
            "Idempotency-Key": order.key,
        }
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        with socket.create_connection((place.hostname, place.port), TIMEOUT_S) as line:
            line.sendall(f"POST {company.base}/stock/reserve HTTP/1.1\r\n{head}\r\n".encode() + body)
        self.stage.books.counts["buyers who hung up"] += 1


def checks(shelves: Shelves, books: Books) -> list[Check]:
    """As many promises as pieces, or as buyers if those were fewer: not one more, not one less."""
    mine = f"{shelves.run}:{Buyer.scenario}:"
    promised, refused = [sum(key.startswith(mine) for key in keys) for keys in (books.accepted, books.refused)]
    due = min(shelves.drop_pieces, promised + refused)
    found = f"{promised} promised of {shelves.drop_pieces} pieces to {promised + refused} buyers"
    return [Check("flash sale sold what there was, exactly", found, promised == due > 0)]
