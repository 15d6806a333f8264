"""`onhand verify` finds what somebody with every right in the database has changed, at the right row…"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable
from pathlib import Path

import pytest

from app.settings import Settings
from app.verify import main
from tests.conftest import Database
from tests.jobs.conftest import Books

MINE = "WHERE tenant_id = $tenant AND seq"
FLIP = f"UPDATE stock_ledger SET delta_on_hand = -delta_on_hand {MINE} = 6"
TOTAL = f"UPDATE stock_ledger SET on_hand = on_hand + 1 {MINE} = 5"
EPOCH = f"UPDATE stock_ledger SET epoch = 0 {MINE} = 6"
NO_ROW = f"DELETE FROM stock_ledger {MINE} = 6"
NO_TAIL = f"DELETE FROM stock_ledger {MINE} >= 7"
HEAD_TO_6 = f"UPDATE stock_partitions SET seq = 6, head_hash = (SELECT hash FROM stock_ledger {MINE} = 6) WHERE tenant_id = $tenant"
PROOF_TO_6 = f"UPDATE stock_proofs SET seq = 6, hash = (SELECT hash FROM stock_ledger {MINE} = 6) WHERE tenant_id = $tenant"
OTHERS = """epoch, recorded_at_us, effective_at_us, delta_on_hand, delta_reserved, delta_blocked, delta_in_transit, on_hand, reserved,
  blocked, in_transit, cell_version, document, unit_cost, item_id, warehouse_id, location_id, lot_id, owner_id, principal_id,
  condition, kind, role, key, reference, reason, hash"""
TWICE = f"INSERT INTO stock_ledger (tenant_id, part, seq, {OTHERS}) SELECT tenant_id, part, 9, {OTHERS} FROM stock_ledger {MINE} = 8"
HEAD = "UPDATE stock_partitions SET head_hash = sha256('x') WHERE tenant_id = $tenant"
BALANCE = f"UPDATE stock_balances SET on_hand = on_hand + 1 {MINE} = 5"
NO_BALANCE = f"DELETE FROM stock_balances {MINE} = 5"
HOLD = f"UPDATE stock_holds SET open = open - 1, released = released + 1 {MINE} = 2"
HOLD_PAST = f"UPDATE stock_holds SET committed = committed - 1, released = released + 1 {MINE} = 2"
REPLY = f"UPDATE stock_replies SET reply = (SELECT reply FROM stock_replies {MINE} = 5) {MINE} = 6"

PLANTED = [
    # what is planted                  how                              deep finds it     fast finds it
    #                                                                   among old rows    among new rows
    ("a flipped quantity",             (FLIP,),                         "hash_chain 6",     "hash_chain 6"),
    ("an edited total",                (TOTAL,),                        "hash_chain 5",     "hash_chain 5"),
    ("an edited epoch",                (EPOCH,),                        "order 6",          "order 6"),
    ("a deleted row",                  (NO_ROW,),                       "dense_sequence 6", "dense_sequence 6"),
    ("a row twice",                    (TWICE,),                        "hash_chain 9",     "hash_chain 9"),
    ("an edited head",                 (HEAD,),                         "head 8",           "head 8"),
    ("a deleted tail",                 (NO_TAIL,),                      "head 7",           "head 7"),
    ("the same, with the head",        (NO_TAIL, HEAD_TO_6),            "anchor 7",         "anchor 7"),
    ("the same, with the proof",       (NO_TAIL, HEAD_TO_6, PROOF_TO_6), "anchor 7",        "anchor 7"),
    ("an edited balance",              (BALANCE,),                      "balance 5",        "balance 5"),
    ("a deleted balance",              (NO_BALANCE,),                   "balance 5",        "balance 5"),
    ("an edited hold",                 (HOLD,),                         "hold 2",           "reserved 8"),
    ("an edited past of a hold",       (HOLD_PAST,),                    "hold 2",           ""),
    ("an edited reply",                (REPLY,),                        "reply 6",          ""),
]  # fmt: skip
"""What the fast pass leaves to the deep one: reservations made before the last proof, beyond what they hold, and replies."""


@pytest.mark.parametrize(("what", "how", "deep", "_fast"), PLANTED, ids=[each[0] for each in PLANTED])
def test_deep_among_old_rows(books_proven_to: Callable[[int], Books], what: str, how: tuple[str, ...], deep: str, _fast: str) -> None:
    books = books_proven_to(8)
    assert first(books, deep=True) == (0, "")
    books.did(*how)
    assert first(books, deep=True) == (1, deep), what


@pytest.mark.parametrize(("what", "how", "_deep", "fast"), PLANTED, ids=[each[0] for each in PLANTED])
def test_fast_among_new_rows(books_proven_to: Callable[[int], Books], what: str, how: tuple[str, ...], _deep: str, fast: str) -> None:
    books = books_proven_to(4)
    books.did(*how)
    assert first(books) == (1 if fast else 0, fast), what


def test_names_the_rows_around_a_fault(books_proven_to: Callable[[int], Books]) -> None:
    books = books_proven_to(4)
    books.did(FLIP)
    _, report = books.verify()
    fault = report["partitions"][0]["faults"][0]
    assert [(row["seq"], row["epoch"], len(row["hash"])) for row in fault["neighbours"]] == [(5, 1, 64), (6, 1, 64), (7, 1, 64)]
    assert fault["stored"] != fault["computed"]


def test_fast_trusts_no_proof_that_does_not_fit_its_row(books_proven_to: Callable[[int], Books]) -> None:
    """The proof says #8; the old row that was changed is #2. Going on from #8 would never see it."""
    books = books_proven_to(8)
    books.did(f"UPDATE stock_ledger SET delta_reserved = delta_reserved + 1 {MINE} = 2")
    assert first(books) == (0, "")  # this is why there is a deep pass
    books.did("UPDATE stock_proofs SET hash = sha256('x') WHERE tenant_id = $tenant")
    assert first(books) == (1, "hash_chain 2")


def first(books: Books, **said: object) -> tuple[int, str]:
    """Exit code, and rule and row of the first fault."""
    code, report = books.verify(**said)
    faults = report["partitions"][0]["faults"]
    return code, f"{faults[0]['rule']} {faults[0]['seq']}" if faults else ""


@pytest.mark.parametrize(("url", "tenant"), [("postgresql://nobody@127.0.0.1:1/none", None), ("", "no-such-company")])
def test_says_when_it_could_not_look(
    database: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str], url: str, tenant: str | None
) -> None:
    args = Namespace(tenant=tenant, deep=False, resume=None, rebuild=False, json=True)
    assert main(url or database.engine, Settings.from_env({"ONHAND_VAR": str(tmp_path)}), args) == 2
    assert capsys.readouterr().err.startswith("Could not verify: ")


def test_tells_people_what_it_found(books_proven_to: Callable[[int], Books], capsys: pytest.CaptureFixture[str]) -> None:
    books = books_proven_to(4)
    books.did(FLIP)
    books.verify()
    args = Namespace(tenant=books.slug, deep=False, resume=None, rebuild=False, json=False)
    assert main(books.database.engine, Settings.from_env({"ONHAND_VAR": str(books.folder)}), args) == 1
    said = capsys.readouterr().out
    assert f"{books.slug}.0: #1 to #8, " in said
    assert f"halted at #6 (hash_chain): nothing is written until `onhand verify --resume {books.slug}`" in said
