"""A sale that did not come out even is a fault, whatever its throughput was."""

from __future__ import annotations

from inventory.ledger.messages import Outcome
from loadtests.bench.messages import reserve_one
from loadtests.bench.workloads.w3_flash_sale import Sale, wrong


def test_accepts_a_sale_that_comes_out_even_though_keys_were_repeated() -> None:
    sale, command = Sale(), reserve_one(1, 1)
    sale.note(command, Outcome("", 7), 0.01)
    sale.note(command, Outcome("", 7, replayed=True), 0.01)
    sale.note(reserve_one(1, 1), Outcome("insufficient_stock", 7), 0.01)
    assert wrong(1, 1, 0, sale) == []
    assert (len(sale.accepted), len(sale.refused)) == (2, 1)


def test_finds_oversold_and_undersold_stock() -> None:
    assert wrong(100, 101, 0, Sale()) == ["101 promised and 0 left of 100"]
    assert wrong(100, 99, 1, Sale()) == ["99 promised and 1 left of 100"]


def test_finds_a_key_that_was_promised_two_pieces() -> None:
    sale, command = Sale(), reserve_one(1, 1)
    sale.note(command, Outcome("", 7), 0.01)
    sale.note(command, Outcome("", 8), 0.01)
    assert wrong(2, 2, 0, sale) == [f"key {command.key_hash.hex()} was given a second promise"]
