"""The system, when stock is received, issued and adjusted…"""

from __future__ import annotations

from tests.stock_table import play


def test_adds_what_arrives_and_takes_what_leaves() -> None:
    play("""
        10:00:00 | receive 10 osh   | done | osh 10 0 10
        "        | issue 4 osh      | done | osh 6 0 6
        "        | receive 0.5 osh  | done | osh 6.5 0 6.5
        "        | issue 6.5 osh    | done | osh 0 0 0
    """)


def test_carries_small_parts_exactly() -> None:
    """Worked example E11: 0.1 kg three times, then 0.3 leaves nothing."""
    play("""
        10:00:00 | receive 0.1 osh  | done | osh 0.1 0 0.1
        "        | receive 0.1 osh  | done | osh 0.2 0 0.2
        "        | receive 0.1 osh  | done | osh 0.3 0 0.3
        "        | issue 0.3 osh    | done | osh 0 0 0
    """)


def test_refuses_to_issue_more_than_is_available() -> None:
    play("""
        10:00:00 | receive 10 osh   | done               | osh 10 0 10
        "        | reserve S1 4 osh | done               | osh 10 4 6
        "        | issue 7 osh      | insufficient_stock | osh 10 4 6
        "        | issue 6 osh      | done               | osh 4 4 0
        "        | issue 1 main     | insufficient_stock | main 0 0 0
    """)


def test_adds_up_the_lines_of_one_cell_before_issuing() -> None:
    play("""
        10:00:00 | receive 5 osh           | done               | osh 5 0 5
        "        | issue 3 osh + 3 osh     | insufficient_stock | osh 5 0 5
        "        | issue 3 osh + 2 osh     | done               | osh 0 0 0
    """)


def test_takes_a_change_or_a_count_of_what_was_expected() -> None:
    play("""
        10:00:00 | receive 10 osh       | done             | osh 10 0 10
        "        | adjust -3 osh        | done             | osh 7 0 7
        "        | adjust +1 osh        | done             | osh 8 0 8
        "        | count 5 of 7 osh     | version_conflict | osh 8 0 8
        "        | count 5 of 8 osh     | done             | osh 5 0 5
        "        | count 5 of 5 osh     | done             | osh 5 0 5
        "        | adjust -6 osh        | insufficient_stock | osh 5 0 5
    """)


def test_lets_a_count_cut_below_what_is_promised_and_remembers_the_shortfall() -> None:
    world = play("""
        10:00:00 | receive 8 osh            | done               | osh 8 0 8
        "        | reserve S1 8 osh hard    | done               | osh 8 8 0
        "        | count 5 of 8 osh         | done               | osh 5 8 0
        "        | reserve S2 1 osh         | insufficient_stock | osh 5 8 0
        "        | commit S1                | insufficient_stock | osh 5 8 0
        "        | commit S1 5 osh          | done               | osh 0 3 0
    """)
    assert world.cell("osh").short == 3_000_000
    world.do("release S1")
    assert world.cell("osh").short == 0


def test_keeps_damaged_stock_on_hand_but_unavailable() -> None:
    play("""
        10:00:00 | receive 10 osh           | done               | osh 10 0 10
        "        | receive 4 osh!damaged    | done               | osh 14 0 10
        "        | reserve S1 11 osh        | insufficient_stock | osh 14 0 10
        "        | issue 4 osh!damaged      | done               | osh 10 0 10
        "        | issue 1 osh!damaged      | insufficient_stock | osh 10 0 10
    """)


def test_takes_plain_stock_first_and_then_what_lies_in_bins() -> None:
    world = play("""
        10:00:00 | receive 3 osh            | done               | osh 3 0 3
        "        | receive 4 osh/a1#l1      | done               | osh 7 0 7
        "        | issue 5 osh              | done               | osh 2 0 2
        "        | issue 3 osh/a1#l1        | insufficient_stock | osh 2 0 2
        "        | issue 2 osh/a1#l1        | done               | osh 0 0 0
    """)
    assert set(world.cell("osh").buckets.values()) == {(0, 0)}


def test_keeps_every_version_and_sequence_dense() -> None:
    world = play("""
        10:00:00 | receive 10 osh               | done | osh 10 0 10
        "        | receive 10 main              | done | main 10 0 10
        "        | issue 1 osh + 1 main         | done | osh 9 0 9, main 9 0 9
    """)
    assert (world.memory.seq, world.cell("osh").version, world.cell("main").version) == (4, 2, 2)
