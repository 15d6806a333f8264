"""The system, when stock is promised…"""

from __future__ import annotations

from tests.stock_table import play


def test_walks_the_life_of_a_reservation() -> None:
    """Worked example E12."""
    play("""
        10:00:00 | receive 10 osh             | done                | osh 10 0 10
        "        | reserve S1 4 osh for 900   | done                | osh 10 4 6
        "        | reserve S2 7 osh           | insufficient_stock  | osh 10 4 6
        "        | harden S1                  | done                | osh 10 4 6
        "        | commit S1 3 osh            | done                | osh 7 1 6
        "        | release S1 1 osh           | done                | osh 7 0 7
        "        | commit S1                  | reservation_closed  | osh 7 0 7
    """)


def test_stops_counting_a_hold_at_its_end_with_no_sweeper() -> None:
    """Worked example E12: exactly at its end a hold counts no more; to commit it afterwards is refused as expired."""
    play("""
        10:00:00        | receive 10 osh             | done                | osh 10 0 10
        "               | reserve S1 4 osh for 900   | done                | osh 10 4 6
        10:14:59.999999 | look                       |                     | osh 10 4 6
        10:15:00.000000 | look                       |                     | osh 10 0 10
        10:15:00.001000 | commit S1                  | reservation_expired | osh 10 0 10
        "               | extend S1 for 60           | reservation_expired | osh 10 0 10
        "               | reserve S2 10 osh          | done                | osh 10 10 0
    """)


def test_refuses_more_than_is_held_and_changes_nothing() -> None:
    play("""
        10:00:00 | receive 10 osh             | done           | osh 10 0 10
        "        | reserve S1 4 osh           | done           | osh 10 4 6
        "        | commit S1 5 osh            | more_than_held | osh 10 4 6
        "        | commit S1 1 main           | more_than_held | osh 10 4 6
        "        | release S1 2 osh + 3 osh   | more_than_held | osh 10 4 6
        "        | commit S1 2 osh + 2 osh    | done           | osh 6 0 6
    """)


def test_rejects_a_whole_request_whose_lines_together_ask_too_much() -> None:
    """Worked example E13."""
    world = play("""
        10:00:00 | receive 5 osh | done | osh 5 0 5
    """)
    outcome = world.do("reserve S1 3 osh + 3 osh")
    assert outcome.code == "insufficient_stock"
    assert [(fact["requested"], fact["available"]) for fact in outcome.errors] == [(6_000_000, 5_000_000)]
    assert world.cell("osh").reserved == 0


def test_reserves_all_lines_or_none() -> None:
    play("""
        10:00:00 | receive 10 osh                  | done               | osh 10 0 10
        "        | receive 15 main                 | done               | main 15 0 15
        "        | reserve S1 10 osh + 16 main     | insufficient_stock | osh 10 0 10, main 15 0 15
        "        | reserve S1 10 osh + 3 main      | done               | osh 10 10 0, main 15 3 12
        "        | release S1 3 main               | done               | osh 10 10 0, main 15 0 15
        "        | commit S1                       | done               | osh 0 0 0, main 15 0 15
    """)


def test_never_ends_a_hard_hold_by_itself() -> None:
    play("""
        10:00:00 | receive 5 osh           | done                 | osh 5 0 5
        "        | reserve S1 5 osh hard   | done                 | osh 5 5 0
        23:59:59 | commit S1 1 osh         | done                 | osh 4 4 0
        "        | extend S1 for 60        | reservation_is_firm  | osh 4 4 0
        "        | harden S1               | reservation_is_firm  | osh 4 4 0
    """)


def test_extends_a_hold_from_now() -> None:
    play("""
        10:00:00 | receive 5 osh               | done | osh 5 0 5
        "        | reserve S1 5 osh for 60     | done | osh 5 5 0
        10:00:59 | extend S1 for 60            | done | osh 5 5 0
        10:01:58 | look                        |      | osh 5 5 0
        10:01:59 | look                        |      | osh 5 0 5
    """)


def test_expires_only_what_is_still_open() -> None:
    world = play("""
        10:00:00 | receive 5 osh               | done                | osh 5 0 5
        "        | reserve S1 5 osh for 60     | done                | osh 5 5 0
        10:00:30 | commit S1 2 osh             | done                | osh 3 3 0
        10:01:00 | release S1                  | reservation_expired | osh 3 0 3
    """)
    hold = world.memory.reservations[world.holds["S1"]]
    assert hold is not None
    line = hold.lines[0]
    assert (line.committed, line.released, line.expired, line.open) == (2_000_000, 0, 3_000_000, 0)


def test_does_not_know_a_reservation_that_was_never_made() -> None:
    play("""
        10:00:00 | commit S9 | reservation_not_found |
    """)


def test_holds_a_pinned_bucket_against_unpinned_takers() -> None:
    play("""
        10:00:00 | receive 2 osh               | done               | osh 2 0 2
        "        | receive 4 osh/a1            | done               | osh 6 0 6
        "        | reserve S1 4 osh/a1         | done               | osh 6 4 2
        "        | reserve S2 1 osh/a1         | insufficient_stock | osh 6 4 2
        "        | reserve S3 2 osh            | done               | osh 6 6 0
        "        | commit S3                   | done               | osh 4 4 0
        "        | commit S1                   | done               | osh 0 0 0
    """)


def test_refuses_to_promise_what_cannot_be_sold() -> None:
    play("""
        10:00:00 | receive 4 osh!quarantine        | done         | osh 4 0 0
        "        | reserve S1 1 osh!quarantine     | not_sellable | osh 4 0 0
    """)
