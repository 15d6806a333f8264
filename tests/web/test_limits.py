"""Limits: so many in a minute, then one by one as time passes."""

from __future__ import annotations

import asyncio

from db.gcra import SharedGcra, Spending
from kit.ids import token
from web.limits import SHARE_EVERY_S, Limiter, Limits, headers


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


def test_two_processes_that_tell_each_other_allow_what_one_would() -> None:
    hand = Hand()
    one, other = Limiter(10, 60.0, hand), Limiter(10, 60.0, hand)
    assert all(one.spend("bob").allowed for _ in range(6))
    (told,) = one.untold(100)
    assert (told.key, told.rest_us) == ("bob", 36_000_000)
    other.learn("bob", told.rest_us)
    assert sum(other.spend("bob").allowed for _ in range(30)) == 4


def test_what_was_told_is_not_told_again_and_what_was_given_back_is_told_too() -> None:
    limiter = Limiter(10, 60.0, Hand())
    limiter.spend("bob")
    assert len(limiter.untold(100)) == 1
    assert limiter.untold(100) == []
    limiter.give_back("bob")
    assert limiter.untold(100)[0].rest_us == -6_000_000


def test_what_others_know_less_of_does_not_make_room_here() -> None:
    limiter = Limiter(1, 60.0, Hand())
    limiter.spend("bob")
    limiter.learn("bob", 0)
    assert not limiter.spend("bob").allowed


def test_a_company_has_less_than_all_its_principals_together() -> None:
    limits = Limits(of_principal=Limiter(3), of_tenant=Limiter(4))
    assert [limits.mutation(1, 7).allowed for _ in range(4)] == [True, True, True, False]
    assert [limits.mutation(1, 8).allowed for _ in range(2)] == [True, False]
    assert limits.mutation(2, 9).allowed
    # What the company refused has not been taken from its principal.
    assert limits.of_principal.spend("1:8").remaining == 1


async def test_shares_through_redis_and_goes_on_alone_without_it(redis_url: str) -> None:
    one, other = (Limits(sign_in_of_person=Limiter(10)) for _ in range(2))
    shared = SharedGcra(redis_url)
    tasks = [asyncio.create_task(each.share(shared)) for each in (one, other)]
    key = f"bob {token()}"
    assert all(one.sign_in_of_person.spend(key).allowed for _ in range(10))
    async with asyncio.timeout(10):
        while other.sign_in_of_person.spend(key).allowed:
            other.sign_in_of_person.give_back(key)
            await asyncio.sleep(0.05)
    for task in tasks:
        task.cancel()
    await shared.close()

    gone = SharedGcra("redis://127.0.0.1:1/0")
    alone = asyncio.create_task(one.share(gone))
    one.sign_in_of_person.spend("carol")
    await asyncio.sleep(SHARE_EVERY_S * 2)
    assert not alone.done()
    assert sum(one.sign_in_of_person.spend("carol").allowed for _ in range(20)) == 9
    alone.cancel()
    await gone.close()


async def test_redis_forgets_keys_that_have_rested(redis_url: str) -> None:
    shared, key = SharedGcra(redis_url), token()
    assert await shared.spend([Spending(key, 200_000)]) == {key: 200_000}
    assert 200_000 < (await shared.spend([Spending(key, 100_000)]))[key] <= 300_000
    await asyncio.sleep(0.4)
    assert (await shared.spend([Spending(key, 0)]))[key] == 0
    await shared.close()
