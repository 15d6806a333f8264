"""The system, when stock moves between warehouses…"""

from __future__ import annotations

import msgspec
import pytest

from inventory.ledger.domain import ON_HAND_MAX
from inventory.ledger.messages import Hold, Level, Outcome, Row, decode_outcome, encode_outcome
from tests.stock_table import ITEM, World, play


def owned(world: World) -> int:
    """Everything that is ours: in some warehouse, or under way to one."""
    return sum(cell.on_hand + cell.in_transit for cell in world.memory.cells.values())


def test_walks_the_way_of_a_transfer() -> None:
    """Worked example E17, its quantities."""
    world = play("""
        10:00:00 | receive 20 w1          | done               | w1 20 0 20 0
        "        | ship T1 8 w1 to w2     | done               | w1 12 0 12 0, w2 0 0 0 8
    """)
    assert owned(world) == 20_000_000
    play(
        """
        "        | reserve S1 1 w2 hard   | insufficient_stock | w2 0 0 0 8
        "        | arrive T1 5 w2         | done               | w1 12 0 12 0, w2 5 0 5 3
        "        | arrive T1 4 w2         | over_receipt       | w2 5 0 5 3
        "        | arrive T1 2 w2         | done               | w2 7 0 7 1
        "        | lose T1 1 w2           | done               | w1 12 0 12 0, w2 7 0 7 0
        "        | arrive T1              | transfer_closed    | w2 7 0 7 0
        "        | lose T1                | transfer_closed    | w2 7 0 7 0
    """,
        world,
    )
    assert owned(world) == 19_000_000


def test_ships_only_what_is_available_and_adds_up_lines() -> None:
    play("""
        10:00:00 | receive 10 osh                 | done               | osh 10 0 10
        "        | reserve S1 4 osh               | done               | osh 10 4 6
        "        | ship T1 7 osh to main          | insufficient_stock | osh 10 4 6, main 0 0 0 0
        "        | ship T1 4 osh + 3 osh to main  | insufficient_stock | osh 10 4 6, main 0 0 0 0
        "        | ship T1 4 osh + 2 osh to main  | done               | osh 4 4 0, main 0 0 0 6
        "        | arrive T1                      | done               | osh 4 4 0, main 6 0 6 0
    """)


def test_takes_lots_along_and_puts_them_where_they_arrive() -> None:
    world = play("""
        10:00:00 | receive 4 osh/a1#l1           | done               | osh 4 0 4
        "        | receive 2 osh/a2#l1           | done               | osh 6 0 6
        "        | receive 3 osh/a1#l2           | done               | osh 9 0 9
        "        | ship T1 8 osh to main         | done               | osh 1 0 1, main 0 0 0 8
        "        | arrive T1 4 main/b7#l2        | over_receipt       | main 0 0 0 8
        "        | arrive T1 5 main/b7#l1        | done               | main 5 0 5 3
        "        | arrive T1                     | done               | main 8 0 8 0
    """)
    there, here = world.cell("main").buckets, world.cell("osh").buckets
    ids = world.names
    assert there == {(ids["b7"], ids["l1"], 0, 0): (5_000_000, 0), (0, ids["l2"], 0, 0): (3_000_000, 0)}
    assert sum(qty for qty, _ in here.values()) == 1_000_000


def test_names_the_lot_that_is_under_way_without_counting_it_as_lying_there() -> None:
    world = play("""
        10:00:00 | receive 4 osh/a1#l1           | done | osh 4 0 4
        "        | ship T1 4 osh/a1#l1 to main   | done | osh 0 0 0, main 0 0 0 4
    """)
    transfer = world.memory.transfers[world.transfers["T1"]]
    assert transfer is not None
    assert [(line.lot, line.qty, line.open) for line in transfer.lines] == [(world.names["l1"], 4_000_000, 4_000_000)]
    assert world.cell("main").buckets == {}


def test_keeps_blocked_stock_blocked_on_its_way() -> None:
    world = play("""
        10:00:00 | receive 5 osh                       | done               | osh 5 0 5
        "        | receive 4 osh!quarantine            | done               | osh 9 0 5
        "        | ship T1 6 osh to main               | insufficient_stock | osh 9 0 5
        "        | ship T1 5 osh!quarantine to main    | insufficient_stock | osh 9 0 5
        "        | ship T1 3 osh!quarantine to main    | done               | osh 6 0 5, main 0 0 0 3
        "        | arrive T1                           | done               | main 3 0 0 0
    """)
    assert (world.cell("osh").blocked, world.cell("main").blocked) == (1_000_000, 3_000_000)


def test_refuses_to_lose_more_than_is_under_way() -> None:
    play("""
        10:00:00 | receive 5 osh          | done                 | osh 5 0 5
        "        | ship T1 3 osh to main  | done                 | osh 2 0 2, main 0 0 0 3
        "        | lose T1 4 main         | more_than_in_transit | main 0 0 0 3
        "        | lose T1 1 osh          | more_than_in_transit | main 0 0 0 3
        "        | lose T1                | done                 | osh 2 0 2, main 0 0 0 0
    """)


def test_tells_how_much_is_open_when_too_much_arrives() -> None:
    world = play("""
        10:00:00 | receive 5 osh          | done | osh 5 0 5
        "        | ship T1 3 osh to main  | done | main 0 0 0 3
    """)
    outcome = world.do("arrive T1 2 main + 2 main")
    fact = {"line": 1, "item": ITEM, "warehouse": world.names["main"], "requested": 2_000_000, "open": 1_000_000}
    assert (outcome.code, outcome.errors) == ("over_receipt", (fact,))
    assert world.cell("main").on_hand == 0


@pytest.mark.parametrize("deed", ["arrive T9", "lose T9"])
def test_does_not_know_a_transfer_that_was_never_made(deed: str) -> None:
    assert World().do(deed).code == "transfer_not_found"


def test_lets_no_cell_hold_or_await_more_than_fits() -> None:
    world = play("""
        10:00:00 | receive 5 osh          | done | osh 5 0 5
        "        | ship T1 3 osh to main  | done | main 0 0 0 3
    """)
    world.cell("main").on_hand = ON_HAND_MAX - 1
    assert world.do("arrive T1").code == "quantity_too_large"
    world.cell("main").in_transit = ON_HAND_MAX - 1
    assert world.do("ship T2 2 osh to main").code == "quantity_too_large"


def test_rows_of_a_transfer_carry_its_number_and_add_up_to_what_was_lost() -> None:
    """Invariant I4: but for what is written off, a transfer changes nothing of what we own."""
    world = World()
    rows = []
    for deed in ("receive 9 osh", "ship T1 8 osh to main", "arrive T1 5 main", "lose T1 1 main"):
        world.do(deed)
        rows.append([(row[1] + row[4], row[10]) for row in world.rows])
    number = world.transfers["T1"]
    assert [{document for _, document in each} for each in rows[1:]] == [{number}] * 3
    assert [sum(delta for delta, _ in each) for each in rows[1:]] == [0, 0, -1_000_000]


def test_limits_the_reservations_that_one_principal_has_open() -> None:
    world = World()
    world.holds_max = 2
    play(
        """
        10:00:00 | receive 9 osh             | done           | osh 9 0 9
        "        | reserve S1 1 osh for 60   | done           | osh 9 1 8
        "        | reserve S2 2 osh          | done           | osh 9 3 6
        "        | reserve S3 1 osh          | too_many_holds | osh 9 3 6
        "        | commit S2 1 osh           | done           | osh 8 2 6
        "        | reserve S3 1 osh          | too_many_holds | osh 8 2 6
        "        | release S2                | done           | osh 8 1 7
        "        | reserve S3 1 osh          | done           | osh 8 2 6
        "        | reserve S4 1 osh          | too_many_holds | osh 8 2 6
        10:01:00 | reserve S4 1 osh          | done           | osh 8 2 6
    """,
        world,
    )
    outcome = world.do("reserve S5 1 osh")
    assert outcome.errors == ({"limit": 2, "open": 2},)


def test_gives_the_same_answer_when_the_key_of_a_transfer_comes_back() -> None:
    world = World()
    world.do("receive 5 osh")
    first = world.do("ship T1 3 osh to main", key="k")
    again = world.do("ship T1 3 osh to main", key="k")
    assert (first.replayed, again.replayed) == (False, True)
    assert (again.transfer, again.levels, again.seq) == (first.transfer, first.levels, first.seq)


def test_answers_of_before_there_were_transfers_stay_readable_both_ways() -> None:
    """Stored answers outlive the program that wrote them, and processes of two versions talk to each other."""
    before = ("insufficient_stock", 7, (), (), None, ({"line": 0},), False)
    assert decode_outcome(encode_outcome(before)) == Outcome("insufficient_stock", 7, errors=({"line": 0},))
    world = World()
    world.do("receive 5 osh")
    world.do("ship T1 3 osh to main", key="k")
    stored = world.answers["k"]
    old = msgspec.msgpack.decode(stored, type=OutcomeOfBefore)
    assert (old.code, old.seq, old.replayed) == ("", 3, False)


def test_an_answer_without_a_transfer_is_the_same_bytes_as_ever() -> None:
    world = World()
    world.do("receive 5 osh", key="k")
    assert len(msgspec.msgpack.decode(world.answers["k"])) == 7
    assert world.do("receive 5 osh", key="k").replayed


class OutcomeOfBefore(msgspec.Struct, array_like=True):
    """`messages.Outcome` as it was before transfers."""

    code: str
    seq: int
    levels: tuple[Level, ...]
    rows: tuple[Row, ...]
    hold: Hold | None
    errors: tuple[dict[str, int | str], ...]
    replayed: bool
