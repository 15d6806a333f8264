"""The proof of a replay…"""

from __future__ import annotations

from typing import Any

import pytest

from app.sales.proof import Proof

CELL = ("CUP", "osh")
Json = dict[str, Any]


def level(on_hand: str = "7", reserved: str = "0", seq: int = 3) -> Json:
    return {"sku": "CUP", "warehouse": "osh", "on_hand": on_hand, "reserved": reserved, "seq": seq}


def row(seq: int, key: str, on_hand: str = "0", reserved: str = "0", sku: str = "CUP") -> Json:
    return {"seq": seq, "key": key, "sku": sku, "warehouse": "osh", "delta_on_hand": on_hand, "delta_reserved": reserved}


ROWS = [row(1, "replay:d:opening:osh:0", "10"), row(2, "replay:d:1:reserve", "0", "3"), row(3, "replay:d:1:commit", "-3", "-3")]


def differences(levels: list[Json], rows: list[Json], pieces: int = 7) -> list[str]:
    proof = Proof({CELL: pieces}, "replay:d:")
    proof.levels(levels)
    proof.ledger(rows)
    return [difference.told() for difference in proof.differences()]


def test_finds_nothing_when_file_ledger_and_balance_agree() -> None:
    assert differences([level()], ROWS) == []
    assert differences([level()], ROWS[::-1]) == []


def test_leaves_the_work_of_others_out_of_the_file_and_in_the_balance() -> None:
    others = [*ROWS, row(4, "till-7:1", "5"), row(5, "till-7:2", "1", sku="ROPE"), row(6, "till-7:3", "2")]
    proof = Proof({CELL: 7}, "replay:d:")
    proof.levels([level("12", seq=4)])  # read before row 6 came
    proof.ledger(others)
    assert proof.differences() == []
    assert (proof.rows, proof.foreign) == (3, 2)


@pytest.mark.parametrize(
    ("levels", "rows", "pieces", "says"),
    [
        ([level()], ROWS, 8, "the ledger of this replay against the file: 8 expected, 7 found"),
        ([level("8")], ROWS, 7, "on hand in the balance table against the ledger: 7 expected, 8 found"),
        ([level("7", "1")], ROWS, 7, "reserved in the balance table against the ledger: 0 expected, 1 found"),
        ([level("7", "3")], ROWS[:2], 7, "reserved by this replay: 0 expected, 3 found"),
        ([level()], [*ROWS, row(3, "replay:d:1:commit", "-3", "-3")], 7, "the ledger of this replay against the file: 7 expected, 4 found"),
        ([], ROWS, 7, "the ledger of this replay against the file: 7 expected, 0 found"),
    ],
)
def test_names_what_differs(levels: list[Json], rows: list[Json], pieces: int, says: str) -> None:
    assert f"CUP in osh: {says}" in differences(levels, rows, pieces)


def test_knows_what_a_sale_left_promised_that_could_not_be_committed() -> None:
    proof = Proof({CELL: 10}, "replay:d:")
    proof.levels([level("10", "3", seq=2)])
    proof.ledger(ROWS[:2])
    assert proof.differences({CELL: 3}) == []
