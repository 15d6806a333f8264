"""The system, when several warehouses may keep a promise…"""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.cell import Cell, Memory, decide_batch
from inventory.decision import Decision
from inventory.ledger.chain import GENESIS
from inventory.ledger.messages import Line, Outcome, Reserve, ReserveSplit, SplitLine, decode_outcome, encode_command, encode_outcome
from inventory.registry import HANDLERS
from inventory.reservations.split import decide_split, needs_of_split, split
from kit.clock import SECOND
from kit.quantity import ONE
from tests.stock_table import World, play

WAREHOUSES = (1, 2, 3)


@pytest.mark.parametrize(
    ("free", "qty", "multiple", "given"),
    [
        ([10, 15], 13, 1, [10, 3]),
        ([1, 1], 2, 1, [1, 1]),
        ([3, 3], 6, 2, [2, 2]),
        ([20, 15], 13, 1, [13, 0]),
        ([0, 5], 4, 1, [0, 4]),
        ([1, 5], 4, 2, [0, 4]),
        ([], 4, 1, []),
    ],
)
def test_takes_from_the_preferred_first(free: list[int], qty: int, multiple: int, given: list[int]) -> None:
    """Worked example E15: 10 + 3; 1 + 1; a kit of two pieces at each, one missing."""
    assert split(free, qty, multiple) == given


def test_splits_an_order_over_two_warehouses() -> None:
    """Worked example E15, its first two cases."""
    play("""
        10:00:00 | receive 10 osh            | done | osh 10 0 10
        "        | receive 15 main           | done | main 15 0 15
        "        | reserve S1 13 osh,main    | done | osh 10 10 0, main 15 3 12
        "        | commit S1                 | done | osh 0 0 0, main 12 0 12
    """)
    play("""
        10:00:00 | receive 1 osh             | done | osh 1 0 1
        "        | receive 1 main            | done | main 1 0 1
        "        | reserve S1 2 osh,main     | done | osh 1 1 0, main 1 1 0
    """)


def test_never_splits_a_kit() -> None:
    """Worked example E15, its third case: three kits of two pieces out of 3 + 3."""
    world = play("""
        10:00:00 | receive 3 osh                         | done               | osh 3 0 3
        "        | receive 3 main                        | done               | main 3 0 3
        "        | reserve S1 6 osh,main by 2            | insufficient_stock | osh 3 0 3, main 3 0 3
    """)
    assert facts(world.do("reserve S1 6 osh,main by 2")) == [(0, 6, 4)]
    outcome = world.do("reserve S2 6 osh,main partial by 2")
    assert [(each.line, each.qty) for each in outcome.backordered or ()] == [(0, 2 * ONE)]
    play("10:00:01 | look | | osh 3 2 1, main 3 2 1", world)


def test_sums_what_is_available_place_by_place() -> None:
    """Worked example E16: a place that is short of what it promised counts nothing, not less than nothing."""
    world = play("""
        10:00:00 | receive 5 osh             | done               | osh 5 0 5
        "        | reserve S1 5 osh          | done               | osh 5 5 0
        "        | count 1 of 5 osh          | done               | osh 1 5 0
        "        | receive 3 main            | done               | main 3 0 3
        "        | reserve S2 4 osh,main     | insufficient_stock | osh 1 5 0, main 3 0 3
    """)
    assert facts(world.do("reserve S2 4 osh,main")) == [(0, 4, 3)]
    play("10:00:01 | reserve S2 3 osh,main | done | osh 1 5 0, main 3 3 0", world)


def test_adds_up_lines_that_want_the_same() -> None:
    """Worked example E13, over two warehouses."""
    world = play("""
        10:00:00 | receive 2 osh                        | done               | osh 2 0 2
        "        | receive 3 main                       | done               | main 3 0 3
        "        | reserve S1 3 osh,main + 3 main,osh   | insufficient_stock | osh 2 0 2, main 3 0 3
    """)
    assert facts(world.do("reserve S1 3 osh,main + 3 main,osh")) == [(0, 6, 5)]
    play("10:00:01 | reserve S1 3 osh,main + 2 main,osh | done | osh 2 2 0, main 3 3 0", world)


def test_serves_those_without_a_choice_first() -> None:
    play("""
        10:00:00 | receive 4 osh                    | done | osh 4 0 4
        "        | receive 4 main                   | done | main 4 0 4
        "        | reserve S1 4 osh,main + 4 osh    | done | osh 4 4 0, main 4 4 0
        "        | release S1 4 osh                 | done | osh 4 0 4, main 4 4 0
    """)


def test_leaves_alone_what_is_pinned() -> None:
    play("""
        10:00:00 | receive 4 osh/a1                         | done               | osh 4 0 4
        "        | receive 2 osh                            | done               | osh 6 0 6
        "        | receive 1 main                           | done               | main 1 0 1
        "        | reserve S1 5 osh/a1 + 1 main,osh         | insufficient_stock | osh 6 0 6
        "        | reserve S1 4 osh/a1 + 3 main,osh         | done               | osh 6 6 0, main 1 1 0
        "        | commit S1                                | done               | osh 0 0 0, main 0 0 0
    """)


def test_promises_what_there_is_and_tells_the_rest() -> None:
    world = play("""
        10:00:00 | receive 2 osh                            | done               | osh 2 0 2
    """)
    outcome = world.do("reserve S1 2 main + 3 osh,main partial")
    assert [(each.line, each.qty) for each in outcome.backordered or ()] == [(0, 2 * ONE), (1, ONE)]
    assert [(line.qty, line.open) for line in outcome.hold.lines] == [(2 * ONE, 2 * ONE)] if outcome.hold else False
    assert world.do("reserve S2 1 osh,main partial").code == "insufficient_stock"  # nothing at all
    world.do("receive 5 main")
    enough = world.do("reserve S3 5 osh,main partial")
    assert (enough.code, enough.backordered) == ("", ())


def test_says_the_same_again_and_writes_nothing_twice() -> None:
    world = play("""
        10:00:00 | receive 2 osh | done | osh 2 0 2
    """)
    first = world.do("reserve S1 3 osh,main partial", key="k")
    again = world.do("reserve S1 3 osh,main partial", key="k")
    assert (first.replayed, again.replayed) == (False, True)
    assert encode_outcome(first) == encode_outcome(
        Outcome(*[getattr(again, name) for name in OUTCOME_FIELDS[:6]], False, None, again.backordered)
    )
    assert world.cell("osh").reserved == 2 * ONE


OUTCOME_FIELDS = Outcome.__struct_fields__


def test_leaves_the_bytes_of_other_outcomes_as_they_were() -> None:
    """Stored answers of before stay readable, and those of now are readable by a process of before, which knows no ninth field."""
    world = World()
    world.do("receive 2 osh", key="a")
    world.do("reserve S1 1 osh", key="b")
    world.do("reserve S2 3 osh,main partial", key="c")
    lengths = [world.answers[key][0] for key in "abc"]
    assert lengths == [0x97, 0x97, 0x99]


def test_refuses_what_cannot_be_sold_and_too_many_at_once() -> None:
    world = play("""
        10:00:00 | receive 4 osh!quarantine                  | done          | osh 4 0 0
        "        | reserve S1 1 osh!quarantine,main          | not_sellable  | osh 4 0 0
        "        | receive 9 osh                             | done          | osh 13 0 9
    """)
    world.holds_max = 1
    world.do("reserve S1 1 osh,main")
    assert world.do("reserve S2 1 osh,main").code == "too_many_holds"


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), min_size=3, max_size=3),
    st.lists(st.tuples(st.permutations(WAREHOUSES), st.integers(1, 3), st.integers(1, 9), st.integers(1, 3)), min_size=1, max_size=4),
    st.booleans(),
)
def test_never_promises_more_than_there_is(
    stock: list[tuple[int, int]], wishes: list[tuple[list[int], int, int, int]], partial: bool
) -> None:
    """Whatever lines compete for whichever cells."""
    lines = tuple(SplitLine(1, tuple(order[:count]), qty * multiple, multiple) for order, count, qty, multiple in wishes)
    memory = Memory(1, 0, 1, 0, GENESIS)
    for warehouse, (on_hand, reserved) in zip(WAREHOUSES, stock, strict=True):
        memory.cells[1, warehouse] = Cell(1, warehouse, on_hand, reserved)
    free = {warehouse: max(0, on_hand - reserved) for warehouse, (on_hand, reserved) in zip(WAREHOUSES, stock, strict=True)}
    command = wished(lines, partial)
    assert set(needs_of_split(command).cells) == {(1, warehouse) for line in lines for warehouse in line.warehouses}
    decision = decide_split(memory, command, 0)
    if not isinstance(decision, Decision):
        assert decision.code == "insufficient_stock"
        assert all(fact["available"] < fact["requested"] for fact in decision.errors)
        if len(lines) == 1:
            usable = sum(free[warehouse] // lines[0].multiple * lines[0].multiple for warehouse in lines[0].warehouses)
            assert (decision.errors[0]["requested"], decision.errors[0]["available"]) == (lines[0].qty, usable)
            assert usable < lines[0].qty
        return
    assert decision.new_hold is not None
    promised = Counter[int]()
    for held in decision.new_hold.lines:
        promised[held.warehouse] += held.qty
        assert held.qty > 0
    assert all(qty <= free[warehouse] for warehouse, qty in promised.items())
    missing = sum(qty for _, _, qty in decision.backordered or ())
    assert promised.total() + missing == sum(line.qty for line in lines)
    assert partial or (not missing and decision.backordered is None)
    if len(lines) == 1:
        line = lines[0]
        left, expected = line.qty, []
        for warehouse in line.warehouses:  # greedy, in whole multiples
            part = min(left, free[warehouse] // line.multiple * line.multiple)
            expected += [(warehouse, part)] if part else []
            left -= part
        assert [(held.warehouse, held.qty) for held in decision.new_hold.lines] == expected


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 9), min_size=2, max_size=2), st.integers(1, 25), st.booleans())
def test_a_line_with_one_warehouse_is_decided_as_ever(stock: list[int], qty: int, hard: bool) -> None:
    """Where there is nothing to choose, both messages mean the same."""
    outcomes = []
    lines = ((1, qty), (2, 1), (1, 2))
    plain = Reserve(**HEAD, lines=tuple(Line(1, warehouse, asked) for warehouse, asked in lines), hard=hard, expires_in_us=SECOND)
    chosen = ReserveSplit(
        **HEAD, lines=tuple(SplitLine(1, (warehouse,), asked) for warehouse, asked in lines), hard=hard, expires_in_us=SECOND
    )
    for command in (plain, chosen):
        memory = Memory(1, 0, 1, 0, GENESIS)
        for key in HANDLERS[type(command)].needs(command).cells:
            memory.cells[key] = Cell(*key, stock[key[1] - 1])
        batch = decide_batch(memory, [command], {}, 1)
        outcomes.append((batch.outcomes, batch.rows))
    assert outcomes[0] == outcomes[1]


def test_leaves_the_plain_promise_as_small_as_it_was() -> None:
    """Its bytes are those of the engine before."""
    command = Reserve(**HEAD, lines=(Line(1, 1, 5),), hard=False, expires_in_us=7)
    assert encode_command(command).hex() == (
        "9d04a16bc41000000000000000000000000000000000c410000000000000000000000000000000000101a0a000919801010500000000c0c20700"
    )


HEAD = {"key": "k", "key_hash": bytes(16), "body_hash": bytes(16), "principal": 1, "role": 1}


def wished(lines: tuple[SplitLine, ...], partial: bool) -> ReserveSplit:
    return ReserveSplit(**HEAD, lines=lines, hard=False, expires_in_us=SECOND, partial=partial)  # type: ignore[arg-type]


def facts(outcome: Outcome) -> list[tuple[int, int, int]]:
    """Line, asked for and available of a refusal, in whole units."""
    assert outcome == decode_outcome(encode_outcome(outcome))
    return [(int(fact["line"]), int(fact["requested"]) // ONE, int(fact["available"]) // ONE) for fact in outcome.errors]
