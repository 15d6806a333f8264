"""The check of histories, itself checked: a whole history passes, and each way to break one is named…"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from msgspec.structs import replace

from inventory.ledger.messages import Kind, Line, Outcome, Receive, Release, Reserve
from tests.chaos.history import Op, Reply, Row, check

HOUR_US = 3_600_000_000


@dataclass
class Story:
    """Ten received; three reserved; eight refused; the three released; two reserved, and gone after an hour."""

    ops: list[Op]
    rows: list[Row]
    replies: dict[bytes, Reply]

    def broken(self) -> list[str]:
        """The first words of every line of the check."""
        return sorted({line.partition(":")[0] for line in check(self.ops, self.rows, self.replies)})


def head(key: str) -> dict[str, Any]:
    return {"key": key, "key_hash": key.encode(), "body_hash": b"body", "principal": 1, "role": 1}


def reserve(key: str, qty: int) -> Reserve:
    return Reserve(**head(key), lines=(Line(1, 1, qty),), hard=False, expires_in_us=HOUR_US)


def story() -> Story:
    told: list[tuple[Any, tuple[int, int], Outcome]] = [
        (Receive(**head("in"), lines=(Line(1, 1, 10),)), (10, 0), Outcome("", 1)),
        (reserve("three", 3), (0, 3), Outcome("", 2)),
        (reserve("eight", 8), (0, 8), Outcome("insufficient_stock", 2)),
        (Release(**head("back"), reservation=2), (0, -3), Outcome("", 3)),
        (reserve("two", 2), (0, 2), Outcome("", 4)),
    ]
    ops = [Op(command, effect, 10 * n, [outcome], 10 * n + 5) for n, (command, effect, outcome) in enumerate(told)]
    rows = [
        Row(1, Kind.RECEIVE, "in", 0, 1, 1, 10, 0, 0),
        Row(2, Kind.RESERVE, "three", 2, 1, 1, 0, 3, 0),
        Row(3, Kind.RELEASE, "back", 2, 1, 1, 0, -3, 0),
        Row(4, Kind.RESERVE, "two", 4, 1, 1, 0, 2, 0),
        Row(5, Kind.EXPIRE, "", 4, 1, 1, 0, -2, HOUR_US),
    ]
    return Story(ops, rows, {op.command.key_hash: Reply(op.command.body_hash, op.answers[0]) for op in ops})


def lose_a_row(told: Story) -> None:
    told.rows = told.rows[:3]


def write_twice(told: Story) -> None:
    told.rows.append(Row(6, Kind.RESERVE, "two", 6, 1, 1, 0, 2, HOUR_US))
    told.ops[4].answers = [Outcome("", 6)]
    told.replies[b"two"] = Reply(b"body", Outcome("", 6))


def write_what_was_refused(told: Story) -> None:
    told.rows.append(Row(6, Kind.RESERVE, "eight", 6, 1, 1, 0, 8, HOUR_US))


def write_what_nobody_asked(told: Story) -> None:
    told.rows.append(Row(6, Kind.RECEIVE, "who?", 0, 1, 1, 1, 0, HOUR_US))


def promise_too_much(told: Story) -> None:
    told.rows[0] = told.rows[0]._replace(on_hand=2)
    told.ops[0].effect = (2, 0)


def refuse_with_enough(told: Story) -> None:
    told.ops[2].command = replace(told.ops[2].command, lines=(Line(1, 1, 7),))


def answer_otherwise(told: Story) -> None:
    told.ops[1].answers.append(Outcome("insufficient_stock", 2))


def forget_an_answer(told: Story) -> None:
    del told.replies[b"eight"]


def record_otherwise(told: Story) -> None:
    told.replies[b"eight"] = Reply(b"body", Outcome("", 2))


def go_back_in_time(told: Story) -> None:
    told.ops[4].answered_ns = 1
    told.ops[0].invoked_ns = 3


def end_early(told: Story) -> None:
    told.rows[4] = told.rows[4]._replace(recorded_at_us=HOUR_US - 1)


def lose_a_hold(told: Story) -> None:
    told.ops[2].command = Release(**head("eight"), reservation=2)
    told.ops[2].answers = [Outcome("reservation_not_found", 2)]
    told.replies[b"eight"] = Reply(b"body", told.ops[2].answers[0])


def take_more_than_is_there(told: Story) -> None:
    told.rows[4] = told.rows[4]._replace(reserved=-3)


def test_finds_nothing_in_a_whole_history() -> None:
    assert story().broken() == []


def test_lets_an_unknown_outcome_have_had_its_effect_or_not() -> None:
    told = story()
    told.ops[4].answers = []
    assert told.broken() == []
    told.rows = told.rows[:3]
    assert told.broken() == []


def test_takes_a_repeated_answer_for_the_same() -> None:
    told = story()
    told.ops[1].answers.append(Outcome("", 2, replayed=True))
    assert told.broken() == []


@pytest.mark.parametrize(
    ("breaks", "named"),
    [
        (lose_a_row, ["lost"]),
        (write_twice, ["wrong effect"]),
        (write_what_was_refused, ["effect of a refusal"]),
        (write_what_nobody_asked, ["phantom"]),
        (promise_too_much, ["oversold"]),
        (refuse_with_enough, ["undersold"]),
        (answer_otherwise, ["two answers"]),
        (forget_an_answer, ["not recorded"]),
        (record_otherwise, ["recorded otherwise"]),
        (go_back_in_time, ["out of order"]),
        (end_early, ["early expiry"]),
        (lose_a_hold, ["lost hold"]),
        (take_more_than_is_there, ["below zero"]),
    ],
)
def test_names_what_is_broken(breaks: Callable[[Story], None], named: list[str]) -> None:
    told = story()
    breaks(told)
    assert told.broken() == named
