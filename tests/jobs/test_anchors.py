"""Anchors: the only witness against somebody who can compute the whole chain anew…"""

from __future__ import annotations

import asyncio
import stat
from collections.abc import Callable

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from jobs.anchors import PUBLIC_KEY
from tests.jobs.conftest import Books

Make = Callable[[int], Books]


def test_finds_a_chain_written_anew_between_the_anchors_around_it(books_proven_to: Make) -> None:
    books = books_proven_to(8)
    books.rewrite(6)
    for deep in (False, True):
        code, report = books.verify(deep=deep)
        fault = report["partitions"][0]["faults"][0]
        assert (code, fault["rule"], fault["seq"], fault["anchored_seq"]) == (1, "anchor", 5, 8)


def test_without_anchors_nothing_would_be_found(books_proven_to: Make) -> None:
    """What the test before this one rests on: the forgery is complete but for the anchors."""
    books = books_proven_to(8)
    books.rewrite(6)
    books.anchor_file.unlink()
    books.did("UPDATE stock_proofs SET anchored_seq = 0 WHERE tenant_id = $tenant")
    assert books.verify(deep=True)[0] == 0


def test_says_that_anchors_are_missing(books_proven_to: Make) -> None:
    books = books_proven_to(8)
    lines = books.anchor_file.read_bytes().splitlines(keepends=True)
    books.anchor_file.write_bytes(lines[0])
    assert missing(books) == (1, "anchor_missing", 5)
    books.anchor_file.unlink()
    assert missing(books) == (1, "anchor_missing", 1)


def test_does_not_halt_for_missing_anchors(books_proven_to: Make) -> None:
    books = books_proven_to(8)
    books.anchor_file.unlink()
    books.verify()
    books.verify()
    assert books.verify()[1]["partitions"][0]["halted"] is None


def test_says_which_line_was_taken_out_or_changed(books_proven_to: Make) -> None:
    books = books_proven_to(8)
    first, second = books.anchor_file.read_bytes().splitlines(keepends=True)
    books.anchor_file.write_bytes(second)
    assert books.verify()[1]["anchors"] == ["line 1 of anchors.jsonl does not follow the one before it"]
    books.anchor_file.write_bytes(first.replace(b",4,", b",3,") + second)
    code, report = books.verify()
    assert (code, report["anchors"]) == (
        1,
        ["line 1 of anchors.jsonl was not signed by us", "line 2 of anchors.jsonl does not follow the one before it"],
    )


def test_takes_no_anchor_that_another_key_has_signed(books_proven_to: Make) -> None:
    books = books_proven_to(8)
    books.rewrite(6)
    forger = Ed25519PrivateKey.generate()
    lines = [orjson.loads(line) for line in books.anchor_file.read_bytes().splitlines()]
    for line in lines:
        line["signature"] = forger.sign(orjson.dumps(line["anchor"], option=orjson.OPT_SORT_KEYS)).hex()
    books.anchor_file.write_bytes(b"".join(orjson.dumps(line) + b"\n" for line in lines))
    (books.folder / "anchors/anchors.pub").write_text(forger.public_key().public_bytes_raw().hex())
    code, report = books.verify()
    assert (code, len(report["anchors"])) == (1, 2)


def test_is_checked_with_the_public_key_alone(books_proven_to: Make) -> None:
    books = books_proven_to(8)
    (books.folder / "anchor.key").unlink()
    assert books.verify(deep=True)[0] == 0
    (books.anchors / PUBLIC_KEY).unlink()
    assert books.verify()[1]["anchors"][0] == "no key to check anchors.jsonl with"


def test_goes_on_after_a_line_that_a_crash_has_torn(books_proven_to: Make) -> None:
    books = books_proven_to(8)
    with books.anchor_file.open("ab") as file:
        file.write(b'{"anchor":{"at":')
    assert books.verify()[0] == 0
    assert books.anchorer().anchors.lines == 2
    assert books.anchor_file.read_bytes().endswith(b"\n")


def test_keeps_the_key_to_its_owner(books_proven_to: Make) -> None:
    books = books_proven_to(4)
    assert stat.S_IMODE((books.folder / "anchor.key").stat().st_mode) == 0o600


def missing(books: Books) -> tuple[int, str, int]:
    code, report = books.verify()
    fault = report["partitions"][0]["faults"][0]
    return code, fault["rule"], fault["seq"]


def test_a_cut_tail_is_not_healed_by_what_is_written_after_it(books_proven_to: Make) -> None:
    books = books_proven_to(8)
    lines = books.anchor_file.read_bytes().splitlines(keepends=True)
    books.anchor_file.write_bytes(lines[0])
    asyncio.run(books.anchor())
    assert books.verify()[1]["anchors"] == ["lines before line 2 of anchors.jsonl were lost"]


def test_resumes_a_ledger_that_the_anchors_contradict_only_without_them(books_proven_to: Make) -> None:
    """As after a restore to an earlier moment: moving the anchors away is the deliberate act."""
    books = books_proven_to(8)
    books.rewrite(6)
    assert books.verify()[1]["partitions"][0]["halted"] == {"rule": "anchor", "seq": 5}
    assert books.verify(resume=books.slug)[0] == 1
    books.anchor_file.rename(books.folder / "set-aside.jsonl")
    assert books.verify(resume=books.slug)[0] == 0
    code, report = books.verify(deep=True)
    assert (code, report["partitions"][0]["halted"]) == (0, None)
