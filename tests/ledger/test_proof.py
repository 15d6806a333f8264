"""The pure proof: a whole ledger proves, and each rule names the row that breaks it…"""

from __future__ import annotations

from typing import Any

import pytest

from inventory.ledger.chain import GENESIS
from inventory.ledger.messages import Kind
from inventory.ledger.proof import FAULTS_MAX, Proof, hash_of

STORY = """
receive 10  0
reserve  0  4
issue   -6  0
commit  -4 -4
receive  2  0
"""
NAMES = (
    "delta_blocked", "delta_in_transit", "blocked", "in_transit", "unit_cost", "location_id", "lot_id", "owner_id", "principal_id",
    "condition", "role",
)  # fmt: skip


def ledger(story: str, **changed: Any) -> list[dict[str, Any]]:
    """Rows of one cell with a right chain and right totals: kind, delta of on hand, delta of reserved. `changed` comes before hashing."""
    rows: list[dict[str, Any]] = []
    on_hand = reserved = 0
    head = GENESIS
    for seq, (kind, moved, promised) in enumerate((line.split() for line in story.strip().splitlines()), 1):
        on_hand, reserved = on_hand + int(moved), reserved + int(promised)
        row = dict.fromkeys(NAMES, 0) | {
            "tenant_id": 1, "part": 0, "seq": seq, "epoch": 1, "recorded_at_us": seq, "effective_at_us": seq, "item_id": 1,
            "warehouse_id": 1,
            "delta_on_hand": int(moved), "delta_reserved": int(promised), "on_hand": on_hand, "reserved": reserved, "cell_version": seq,
            "document": 2 if int(promised) else 0, "kind": Kind[kind.upper()], "key": f"k{seq}", "reference": "", "reason": "",
        }  # fmt: skip
        row |= {name: value for name, (at, value) in changed.items() if at == seq}
        head = row["hash"] = hash_of(head, row)
        rows.append(row)
    return rows


def proven(rows: list[dict[str, Any]]) -> Proof:
    proof = Proof(1, 0)
    for row in rows:
        proof.row(row)
    return proof


def test_a_whole_ledger_proves() -> None:
    proof = proven(ledger(STORY))
    assert (proof.faults, proof.seq) == ([], 5)


BROKEN = [
    # story                                          changed before hashing      rule             row
    ("receive 10 0\nissue -11 0\nreceive 5 0",        {},                         "below_zero",     2),
    ("receive 10 0\nreserve 0 4\nissue -7 0",         {},                         "not_covered",    3),
    ("receive 10 0\nreserve 0 11",                    {},                         "not_covered",    2),
    (STORY,                                           {"epoch": (3, 0)},          "order",          3),
    (STORY,                                           {"recorded_at_us": (4, 1)}, "order",          4),
    (STORY,                                           {"cell_version": (3, 4)},   "running_totals", 3),
    (STORY,                                           {"on_hand": (2, 11)},       "running_totals", 2),
]  # fmt: skip


@pytest.mark.parametrize(("story", "changed", "rule", "row"), BROKEN)
def test_finds_what_an_owner_should_never_have_written(story: str, changed: dict[str, Any], rule: str, row: int) -> None:
    """The chain is right: whoever wrote these rows had the right to, and a bug."""
    fault = proven(ledger(story, **changed)).faults[0]
    assert (fault.rule, fault.seq) == (rule, row)


def test_a_count_may_find_less_than_is_promised() -> None:
    assert proven(ledger("receive 10 0\nreserve 0 4\nadjust -8 0\ncommit -2 -4")).faults == []


def test_finds_a_row_that_stands_there_twice() -> None:
    """As after the primary key was dropped: the very same row again."""
    rows = ledger(STORY)
    proof = proven([*rows[:3], rows[2], *rows[3:]])
    assert [fault.rule for fault in proof.faults][:3] == ["dense_sequence", "hash_chain", "running_totals"]
    assert {fault.seq for fault in proof.faults} == {3}


def test_goes_on_from_any_row_and_finds_the_same() -> None:
    rows = ledger(STORY, on_hand=(4, 99))
    proof = Proof(1, 0)
    proof.go_on(rows[1])
    assert proof.unknown(rows[2:]) == {(1, 1)}
    proof.held((1, 1), rows[1])
    for row in rows[2:]:
        proof.row(row)
    assert {(fault.rule, fault.seq) for fault in proof.faults} == {
        (fault.rule, fault.seq) for fault in proven(rows).faults if fault.seq > 2
    }


def test_lists_no_more_faults_than_anybody_reads() -> None:
    rows = ledger("receive 1 0\n" * 80)
    for row in rows:
        row["hash"] = bytes(32)
    assert len(proven(rows).faults) == FAULTS_MAX
