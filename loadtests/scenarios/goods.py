"""Goods of a run: items that nobody else moves, made and stocked over REST under keys of the run's own."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice

from app.sales.rest import Rest, detail
from loadtests.scenarios.books import Books, Command, Line
from loadtests.scenarios.company import Company, Json

SHELF_ITEMS = 40
SCARCE_ITEMS = 4
"""Of the shelf: so few of each that some customers are turned away."""
SCARCE_PIECES = 10
DOCK_ITEMS = 30
DOCK_PIECES = 1_000
LINES = 100


@dataclass(frozen=True, slots=True)
class Goods:
    """Items of one company, and the two warehouses (of one: that one twice) they lie in."""

    company: Company
    skus: tuple[str, ...]
    warehouses: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Shelves:
    """What the scenarios share. `drop` is the one item of the flash sale, of which there are `drop_pieces`, in the first warehouse."""

    run: str
    shelf: Goods
    dock: Goods
    drop: Goods
    drop_pieces: int


def stocked(companies: list[Company], books: Books, users: int, seconds: float) -> Shelves:
    """Make the goods and receive their stock: enough for so many users, except where running out is the point."""
    run = f"LOAD-{secrets.token_hex(3).upper()}"
    first, last = companies[0], companies[-1]
    shelf = _made(first, [f"{run}-S{number:02}" for number in range(SHELF_ITEMS)])
    dock = _made(last, [f"{run}-D{number:02}" for number in range(DOCK_ITEMS)])
    drop = _made(last, [f"{run}-DROP"])
    plenty = max(200, int(users * seconds) // 10)
    drop_pieces = max(5, int(users * seconds) // 10)
    shelves = [*_everywhere(shelf, shelf.skus[:-SCARCE_ITEMS], plenty), *_everywhere(shelf, shelf.skus[-SCARCE_ITEMS:], SCARCE_PIECES)]
    _receive(shelf, books, run, shelves)
    _receive(dock, books, run, _everywhere(replace(dock, warehouses=dock.warehouses[:1] * 2), dock.skus, DOCK_PIECES))
    _receive(drop, books, run, [(drop.skus[0], drop.warehouses[0], drop_pieces)])
    return Shelves(run, shelf, dock, drop, drop_pieces)


def _everywhere(goods: Goods, skus: tuple[str, ...], pieces: int) -> list[Line]:
    return [(sku, warehouse, pieces) for warehouse in dict.fromkeys(goods.warehouses) for sku in skus]


def _made(company: Company, skus: list[str]) -> Goods:
    rest = Rest(company.target("admin"))
    codes = sorted(each["code"] for each in rest.get("inventory/warehouses")["items"])
    for sku in skus:
        status, answer = rest.post("inventory/items", {"sku": sku, "name": f"Load test {sku}"}, f"item:{sku}")
        if status != 201:
            raise RuntimeError(f"The item {sku} could not be made: {detail(answer)}")
    rest.close()
    return Goods(company, tuple(skus), (codes[0], codes[min(1, len(codes) - 1)]))


def _receive(goods: Goods, books: Books, run: str, lines: list[Line]) -> None:
    rest = Rest(goods.company.target("inventory"))
    for number, part in enumerate(_parts(lines)):
        body: Json = {"lines": wire(part), "reference": run, "reason": "load test"}
        command = Command(goods.company, "inventory", "receive", f"{run}:open:{part[0][0]}:{number}", body, part)
        status, answer = rest.post("stock/receive", body, command.key)
        if status != 200:
            raise RuntimeError(f"The stock of {part[0][0]} was not taken: {detail(answer)}")
        books.answered(command, status)
    rest.close()


def wire(lines: tuple[Line, ...]) -> list[Json]:
    """Lines as the API wants them."""
    return [{"sku": sku, "warehouse": warehouse, "qty": str(pieces)} for sku, warehouse, pieces in lines]


def _parts(lines: list[Line]) -> Iterator[tuple[Line, ...]]:
    rest = iter(lines)
    while part := tuple(islice(rest, LINES)):
        yield part
