"""What the load tests call right and wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from app.settings import CannotStart
from loadtests import verdict
from loadtests.scenarios.books import Books, Command, Levels
from loadtests.scenarios.company import Company
from loadtests.scenarios.following import Following
from loadtests.scenarios.right import complaint
from tests.load.conftest import ROOT, SCENARIOS

HERE = Company("http://127.0.0.1:1", "alice", {"admin": "k"}, None)
LINES = (("CUP", "osh", 2),)


def _command(verb: str, key: str = "k1", lines: tuple[tuple[str, str, int], ...] = LINES, source: str = "", **body: Any) -> Command:
    return Command(HERE, "admin", verb, key, body, lines, source)


def _row(on_hand: str, reserved: str, moved: str = "0", held: str = "0", warehouse: str = "osh") -> dict[str, str]:
    balances = {"on_hand": on_hand, "reserved": reserved, "delta_on_hand": moved, "delta_reserved": held}
    return {"sku": "CUP", "warehouse": warehouse, **balances}


def test_follows_a_feed_without_gap_and_repetition() -> None:
    feed = Following(dense=True)
    assert [feed.hello(7), feed.event(8, _row("5", "0")), feed.event(9, _row("5", "2", held="2"))] == ["", "", ""]
    assert "twice" in feed.event(9, _row("5", "2", held="2"))
    assert "missing in the sequence" in feed.event(11, _row("3", "0", "-2", "-2"))


def test_finds_what_is_missing_in_a_filtered_feed_by_its_balances() -> None:
    feed = Following(dense=False)
    assert [feed.hello(0), feed.event(3, _row("5", "0")), feed.event(9, _row("4.5", "0", "-0.5"))] == ["", "", ""]
    assert "missing in the story" in feed.event(12, _row("2", "0", "-1"))
    feed.resync(20)
    assert feed.event(22, _row("1", "0", "-4")) == ""


def test_a_feed_may_not_fall_behind_what_was_seen() -> None:
    feed = Following(dense=True, after=12)
    assert feed.hello(11)


@pytest.mark.parametrize(
    ("status", "body", "wrong"),
    [
        (201, {"seq": 4, "reservation": {"status": "active", "lines": [{"sku": "CUP", "warehouse": "osh", "qty": "2"}]}}, ""),
        (201, {"seq": 4, "reservation": {"status": "active", "lines": [{"sku": "CUP", "warehouse": "osh", "qty": "1"}]}}, "instead of"),
        (201, {"reservation": {}}, "no seq"),
        (200, {"seq": 4}, "200"),
        (409, {"code": "insufficient_stock", "errors": [{"sku": "CUP", "requested": "2", "available": "1"}]}, ""),
        (409, {"code": "insufficient_stock", "errors": [{"sku": "CUP", "requested": "2", "available": "2"}]}, "without a reason"),
        (409, {"code": "insufficient_stock", "errors": [{"sku": "ROPE", "requested": "2", "available": "1"}]}, "is about ROPE"),
        (409, {"code": "insufficient_stock"}, "names no line"),
        (409, {"code": "version_conflict"}, "409 version_conflict"),
        (500, {"code": "internal_error"}, "500 internal_error"),
        (0, {}, "no answer"),
    ],
)
def test_knows_a_right_answer_to_a_reserve(status: int, body: dict[str, Any], wrong: str) -> None:
    found = complaint(_command("reserve"), status, body)
    assert found == "" if not wrong else wrong in found


def test_keeps_books_of_what_was_acknowledged_once_per_key() -> None:
    books = Books()
    for verb, key in (("receive", "a"), ("reserve", "b"), ("commit", "c"), ("receive", "a")):
        command = _command(verb, key)
        books.asked(command)
        books.answered(command, 200)
    assert books.levels == {("alice", "CUP", "osh"): Levels(on_hand=0, reserved=0)}
    moved = _command("transfer", "d", (("CUP", "main", 1),), "osh")
    books.answered(moved, 201)
    assert books.levels["alice", "CUP", "main"] == Levels(in_transit=1)
    assert books.levels["alice", "CUP", "osh"] == Levels(on_hand=-1)


def test_leaves_open_what_may_have_happened() -> None:
    books, lost, refused = Books(), _command("reserve", "a"), _command("reserve", "b")
    for command, status in ((lost, 0), (refused, 409)):
        books.asked(command)
        books.answered(command, status)
    assert (list(books.open), books.refused, books.levels) == (["a"], {"b"}, {})


def _report(**request: Any) -> dict[str, Any]:
    measured = {"name": "shop: reserve", "count": 100, "failed": 0, "p50_ms": 10, "p95_ms": 50, "p99_ms": 90}
    return {"seconds": 10, "users": {"shop": 5}, "requests": [measured | request]}


@pytest.mark.parametrize(
    ("request_", "missed"),
    [
        ({}, ()),
        ({"p95_ms": 101}, ("p95",)),
        ({"p99_ms": 251}, ("p99",)),
        ({"failed": 1}, ("failed",)),
        ({"count": 49}, ("per second",)),
        ({"count": 0}, ("per second",)),
        ({"name": "shop: other"}, ("per second",)),
    ],
)
def test_judges_each_figure_by_its_target(request_: dict[str, Any], missed: tuple[str, ...]) -> None:
    promise = verdict.Promise(10, {"reserve": verdict.Target(100, 250, 0.0, 10.0, "a test")})
    found = verdict.judged({"shop": promise}, _report(**request_))
    assert found[0].missed == missed
    assert [each.missed for each in found[1:]] == ([("no target",)] if "name" in request_ else [])


def test_every_scenario_has_targets_and_each_says_where_it_comes_from() -> None:
    promises = verdict.read(ROOT / "loadtests" / "targets", SCENARIOS)
    for promise in promises.values():
        assert all(len(target.source) > 10 and target.failed_share_max == 0 for target in promise.requests.values())


@pytest.mark.parametrize("content", ["", "users = 1\n[reserve]\np95_ms = 3\n", "users = 1\nreserve = 3\n", "[[["])
def test_a_targets_file_that_makes_no_sense_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / "shop.toml").write_text(content)
    with pytest.raises(CannotStart, match=r"shop\.toml"):
        verdict.read(tmp_path, ["shop"])
