"""The system, when it hears of goods that have left already…"""

from __future__ import annotations

from inventory.ledger.messages import Kind
from tests.stock_table import World, play


def deltas(world: World) -> list[tuple[str, int]]:
    """Kind and change on hand (whole units) of the rows that the last deed wrote."""
    return [(Kind(row[18]).label, row[1] // 1_000_000) for row in world.rows]


def test_takes_what_is_there_as_any_other_sale() -> None:
    world = play("""
        10:00:00 | receive 10 osh      | done | osh 10 0 10
        "        | issue 4 osh late    | done | osh 6 0 6
    """)
    assert deltas(world) == [("issue", -4)]


def test_puts_on_hand_what_the_books_did_not_have_and_takes_it_away() -> None:
    world = play("""
        10:00:00 | receive 1 osh       | done                | osh 1 0 1
        "        | issue 3 osh         | insufficient_stock  | osh 1 0 1
        "        | issue 3 osh late    | done                | osh 0 0 0
    """)
    assert deltas(world) == [("correct", 2), ("issue", -3)]


def test_eats_what_was_promised_and_says_how_much_is_not_covered() -> None:
    world = play("""
        10:00:00 | receive 5 osh          | done               | osh 5 0 5
        "        | reserve S1 4 osh hard  | done               | osh 5 4 1
        "        | issue 3 osh late       | done               | osh 2 4 0
        "        | reserve S2 1 osh       | insufficient_stock | osh 2 4 0
    """)
    assert world.cell("osh").short == 2_000_000
    play(
        """
        10:01:00 | release S1 2 osh       | done               | osh 2 2 0
        "        | commit S1 2 osh        | done               | osh 0 0 0
        """,
        world,
    )
    assert world.cell("osh").short == 0


def test_adds_up_the_lines_of_one_cell() -> None:
    world = play("""
        10:00:00 | receive 4 osh               | done | osh 4 0 4
        "        | issue 3 osh + 3 osh late    | done | osh 0 0 0
    """)
    assert deltas(world) == [("issue", -3), ("correct", 2), ("issue", -3)]


def test_takes_from_the_named_lot_whatever_it_holds() -> None:
    world = play("""
        10:00:00 | receive 2 osh#L1       | done | osh 2 0 2
        "        | receive 5 osh          | done | osh 7 0 7
        "        | issue 3 osh#L1 late    | done | osh 5 0 5
    """)
    assert deltas(world) == [("correct", 1), ("issue", -3)]
    assert [qty for qty, _ in world.cell("osh").buckets.values()] == [0]


def test_leaves_damaged_goods_alone() -> None:
    play("""
        10:00:00 | receive 2 osh!damaged  | done | osh 2 0 0
        "        | issue 1 osh late       | done | osh 2 0 0
    """)
