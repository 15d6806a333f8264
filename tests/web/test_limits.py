"""Limits: so many in a minute, then one by one as time passes."""

from __future__ import annotations

from web.limits import Limiter, headers


class Hand:
    """A clock whose hand the test moves."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_ten_are_allowed_and_the_eleventh_is_told_when_to_come_back() -> None:
    limiter = Limiter(10, 60.0, Hand())
    left = [limiter.spend("bob").remaining for _ in range(10)]
    assert left == [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]
    refused = limiter.spend("bob")
    assert (refused.allowed, refused.remaining, refused.retry_after_s, refused.reset_s) == (False, 0, 6, 60)


def test_one_rests_while_another_acts() -> None:
    limiter = Limiter(1, 60.0, Hand())
    assert limiter.spend("bob").allowed
    assert limiter.spend("carol").allowed
    assert not limiter.spend("bob").allowed


def test_a_refused_act_costs_nothing_and_rest_gives_back_one_at_a_time() -> None:
    hand = Hand()
    limiter = Limiter(10, 60.0, hand)
    for _ in range(30):
        limiter.spend("bob")
    hand.now += 6.0
    assert [limiter.spend("bob").allowed for _ in range(2)] == [True, False]
    hand.now += 60.0
    assert sum(limiter.spend("bob").allowed for _ in range(30)) == 10


def test_what_is_given_back_may_be_spent_again() -> None:
    limiter = Limiter(2, 60.0, Hand())
    limiter.spend("bob")
    for _ in range(50):
        assert limiter.spend("bob").allowed
        limiter.give_back("bob")


def test_keys_that_have_rested_are_forgotten() -> None:
    hand = Hand()
    limiter = Limiter(10, 60.0, hand)
    for number in range(100_000):
        limiter.spend(str(number))
    hand.now += 61.0
    limiter.spend("last")
    assert len(limiter._rested_at) == 1


def test_headers_say_what_is_left() -> None:
    limiter = Limiter(1, 60.0, Hand())
    assert headers(limiter.spend("bob")) == {"RateLimit-Limit": "1", "RateLimit-Remaining": "0", "RateLimit-Reset": "60"}
    assert headers(limiter.spend("bob"))["Retry-After"] == "60"
