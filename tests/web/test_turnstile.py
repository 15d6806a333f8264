"""Turns: a company alone has the engine to itself; beside others it has its share, and lines are called by turns. By count and order."""

from __future__ import annotations

import asyncio

import pytest

from kit.errors import Refused
from web.turnstile import GULP, GULP_MAX_S, IN_HAND_MAX, LATELY_S, PART_ALONE, PART_BESIDE, SHARE, SINGLE, Turnstile


class Hand:
    """A clock whose hand the test moves."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


class Crowd:
    """Callers that hold their turns until they are told to leave."""

    def __init__(self, turnstile: Turnstile) -> None:
        self.turnstile = turnstile
        self.inside: list[str] = []
        self._leave: dict[str, asyncio.Event] = {}
        self.tasks: dict[str, asyncio.Task[None]] = {}

    async def come(self, name: str, tenant: int = 1, commands: int = 1) -> None:
        self._leave[name] = asyncio.Event()
        self.tasks[name] = asyncio.create_task(self._visit(name, tenant, commands))
        await asyncio.sleep(0)

    async def go(self, name: str) -> None:
        self._leave[name].set()
        await self.tasks[name]
        await asyncio.sleep(0)

    async def _visit(self, name: str, tenant: int, commands: int) -> None:
        async with self.turnstile.turn(tenant, commands):
            self.inside.append(name)
            await self._leave[name].wait()
        self.inside.remove(name)

    async def all_come(self, names: list[str], tenant: int, commands: int = 1) -> None:
        for name in names:
            await self.come(name, tenant, commands)

    async def until(self, count: int) -> None:
        """So many are inside: those who rested or waited have been called."""
        async with asyncio.timeout(5):
            while len(self.inside) < count:  # noqa: ASYNC110 - nobody tells when somebody goes in
                await asyncio.sleep(0.001)

    async def all_go(self) -> list[str]:
        """Everybody leaves in the order of having come in; returns that order."""
        order: list[str] = []
        while self.inside:
            order.append(self.inside[0])
            await self.go(self.inside[0])
        return order

    async def all_go_resting(self) -> list[str]:
        """The same until nobody waits either; whoever has to rest is waited for."""
        order: list[str] = []
        while not all(task.done() for task in self.tasks.values()):
            order += await self.all_go()
            await asyncio.sleep(0.001)
        return order


async def rested() -> None:
    """Those who rest have rested: by the test's clock their gulps took no time, so it is a turn of the loop or two."""
    for _ in range(4):
        await asyncio.sleep(0)


async def test_lets_in_who_comes_first_and_the_next_when_one_leaves() -> None:
    crowd = Crowd(Turnstile(2))
    for name in ("a", "b", "c", "d"):
        await crowd.come(name)
    assert crowd.inside == ["a", "b"]
    await crowd.go("a")
    assert crowd.inside == ["b", "c"]
    await crowd.go("b")
    await crowd.go("c")
    await crowd.go("d")


async def test_does_not_let_one_company_wait_for_another() -> None:
    crowd = Crowd(Turnstile(1))
    await crowd.come("a1", tenant=1)
    await crowd.come("a2", tenant=1)
    await crowd.come("b1", tenant=2)
    assert crowd.inside == ["a1", "b1"]
    for name in ("a1", "a2", "b1"):
        await crowd.go(name)


async def test_counts_a_bulk_by_its_commands_and_lets_a_large_one_in_alone() -> None:
    crowd = Crowd(Turnstile(10))
    await crowd.come("one")
    await crowd.come("bulk", commands=500)
    assert crowd.inside == ["one", "bulk"]
    await crowd.come("next")
    await crowd.go("one")
    assert crowd.inside == ["bulk"]
    await crowd.go("bulk")
    assert crowd.inside == ["next"]
    await crowd.go("next")


def of(company: str, count: int) -> list[str]:
    return [f"{company}{number}" for number in range(count)]


async def test_gives_a_company_alone_the_whole_engine() -> None:
    crowd = Crowd(Turnstile())
    await crowd.all_come(of("bulk", 12), tenant=1, commands=100)
    assert len(crowd.inside) == IN_HAND_MAX // 100
    assert len(await crowd.all_go()) == 12


async def test_lets_another_company_in_at_once_beside_a_flood() -> None:
    crowd = Crowd(Turnstile())
    await crowd.all_come(of("flood", 500), tenant=1, commands=SINGLE)
    await crowd.come("quiet", tenant=2, commands=SINGLE)
    assert crowd.inside[-1] == "quiet", "it has nothing in hand, so it waits for nobody"
    await crowd.all_go()


async def test_keeps_little_in_hand_while_several_companies_are_here() -> None:
    """What the quiet company meets of a flood is a gulp; the flood goes in gulps as long as the quiet one comes now and then."""
    hand = Hand()
    crowd = Crowd(Turnstile(clock=hand))
    await crowd.come("quiet", tenant=2)
    await crowd.go("quiet")
    await crowd.all_come(of("flood", 200), tenant=1, commands=SINGLE)
    assert len(crowd.inside) == GULP // SINGLE
    hand.now += LATELY_S / 2
    await crowd.come("again", tenant=2)
    hand.now += LATELY_S * 3 / 4
    await crowd.go(crowd.inside[0])
    assert len(crowd.inside) == GULP // SINGLE + 1
    await crowd.all_go()


async def test_grows_again_when_the_others_have_not_come_for_a_while() -> None:
    hand = Hand()
    turnstile = Turnstile(clock=hand)
    crowd = Crowd(turnstile)
    await crowd.come("other", tenant=2)
    await crowd.go("other")
    await crowd.all_come(of("one", 200), tenant=1)
    assert (len(crowd.inside), turnstile.part) == (GULP, PART_BESIDE)
    hand.now += LATELY_S
    await crowd.go(crowd.inside[0])
    assert (len(crowd.inside), turnstile.part) == (199, PART_ALONE)
    await crowd.all_go()


async def beside(gulp: int = GULP, hand: Hand | None = None) -> Crowd:
    """A crowd of several companies: none of them was alone for a moment."""
    crowd = Crowd(Turnstile(gulp=gulp, clock=hand or Hand()))
    for name in ("x", "y"):
        await crowd.come(name, tenant=ord(name))
        await crowd.go(name)
    return crowd


async def test_the_next_gulp_goes_in_together_when_all_of_the_last_are_out() -> None:
    crowd = await beside(gulp=16)
    await crowd.all_come(of("a", 40), tenant=1)
    assert len(crowd.inside) == 16
    for left in range(15, 0, -1):
        await crowd.go(crowd.inside[0])
        assert len(crowd.inside) == left
    await crowd.go(crowd.inside[0])
    assert crowd.inside == []
    await rested()
    assert len(crowd.inside) == 16
    assert len(await crowd.all_go_resting()) == 24


async def test_rests_after_a_gulp_for_as_long_as_it_took() -> None:
    hand = Hand()
    crowd = await beside(hand=hand)
    await crowd.all_come(of("a", 2 * GULP), tenant=1)
    hand.now += 0.02
    began = asyncio.get_running_loop().time()
    for _ in range(GULP):
        await crowd.go(crowd.inside[0])
    assert crowd.inside == []
    await crowd.until(GULP)
    assert asyncio.get_running_loop().time() - began >= 0.018
    assert len(await crowd.all_go_resting()) == GULP


async def test_floods_that_divide_a_gulp_rest_as_well() -> None:
    hand = Hand()
    crowd = await beside(hand=hand)
    for tenant, company in enumerate("ab"):
        await crowd.all_come(of(company, 50), tenant=tenant, commands=SINGLE)
    for name in of("b", GULP // SINGLE):  # a whole gulp: nobody of them waited when they came
        await crowd.go(name)
    await rested()
    theirs = [name for name in crowd.inside if name.startswith("b")]
    assert len(theirs) == SHARE // SINGLE, "a part of a gulp is no more than a share"
    hand.now += 0.02
    for name in theirs:
        await crowd.go(name)
    await rested()
    assert {name[0] for name in crowd.inside} == {"a"}
    await crowd.all_go_resting()


async def test_rests_no_longer_for_a_gulp_that_something_held_up() -> None:
    hand = Hand()
    crowd = await beside(hand=hand)
    await crowd.all_come(of("a", 2 * GULP), tenant=1)
    hand.now += 3_600
    for _ in range(GULP):
        await crowd.go(crowd.inside[0])
    await crowd.until(GULP)
    await crowd.all_go_resting()


async def test_a_small_company_never_rests() -> None:
    hand = Hand()
    crowd = await beside(hand=hand)
    for number in range(50):
        await crowd.come(f"a{number}", tenant=1, commands=SHARE // 2)
        hand.now += 0.01
        assert crowd.inside[-1] == f"a{number}"
        if number:
            await crowd.go(f"a{number - 1}")
    await crowd.all_go()


async def test_two_floods_get_as_many_commands_done() -> None:
    """One of bulks and one of single commands, of which each counts one here."""
    crowd = await beside(gulp=32)
    await crowd.all_come(of("a", 50), tenant=1, commands=8)
    await crowd.all_come(of("b", 400), tenant=2, commands=1)
    order = [name[0] for name in await crowd.all_go_resting()]
    for start in range(40, 300, 20):
        stretch = order[start : start + 90]
        assert abs(8 * stretch.count("a") - stretch.count("b")) <= 32, start
    assert len(order) == 450


async def test_three_floods_get_the_same() -> None:
    crowd = await beside()
    for tenant, company in enumerate("abc"):
        await crowd.all_come(of(company, 100), tenant=tenant, commands=4)
    order = [name[0] for name in await crowd.all_go_resting()]
    for start in range(30, 240, 10):
        stretch = order[start : start + 30]
        assert all(abs(stretch.count(company) - 10) <= 4 for company in "abc"), start


async def test_many_companies_with_little_do_not_keep_out_one_with_much() -> None:
    crowd = await beside(16)
    for tenant in range(10, 20):
        await crowd.come(f"small{tenant}", tenant, commands=8)
    await crowd.come("large", tenant=1, commands=100)
    assert "large" in crowd.inside, "one thing at a time is always its own share"
    await crowd.all_go()


async def test_a_share_is_never_more_than_the_whole() -> None:
    crowd = Crowd(Turnstile(in_hand_max=2))
    await crowd.all_come(of("a", 5), tenant=1)
    assert len(crowd.inside) == 2 < SHARE
    await crowd.all_go()


async def test_a_line_whose_people_have_all_left_holds_nobody_up() -> None:
    crowd = Crowd(Turnstile(gulp=8, clock=Hand()))
    await crowd.all_come(of("a", 10), tenant=1, commands=8)
    await crowd.all_come(of("b", 6), tenant=2, commands=8)
    for name in of("b", 6)[1:]:
        crowd.tasks[name].cancel()
    await asyncio.gather(*[crowd.tasks[name] for name in of("b", 6)[1:]], return_exceptions=True)
    assert sorted(set(await crowd.all_go())) == sorted([*of("a", 10), "b0"])
    await rested()
    assert not crowd.turnstile._lines
    assert not crowd.turnstile._crowded


async def test_who_gives_up_waiting_leaves_no_gap() -> None:
    crowd = Crowd(Turnstile(1))
    for name in ("a", "b", "c"):
        await crowd.come(name)
    crowd.tasks["b"].cancel()
    await asyncio.gather(crowd.tasks["b"], return_exceptions=True)
    await crowd.go("a")
    assert crowd.inside == ["c"]
    await crowd.go("c")


async def test_who_gives_up_just_as_they_are_called_passes_the_turn_on() -> None:
    crowd = Crowd(Turnstile(1))
    for name in ("a", "b", "c"):
        await crowd.come(name)
    crowd._leave["a"].set()
    await asyncio.sleep(0)  # a leaves: b is called, and has not moved yet
    crowd.tasks["b"].cancel()
    for _ in range(3):
        await asyncio.sleep(0)
    assert crowd.inside == ["c"]
    await crowd.go("c")


async def test_refuses_when_too_many_wait() -> None:
    crowd = Crowd(Turnstile(1, waiting_max=1))
    await crowd.come("a")
    await crowd.come("b")
    with pytest.raises(Refused) as refused:
        async with crowd.turnstile.turn(1):
            raise AssertionError("nobody gets past")
    assert (refused.value.refusal.code, refused.value.refusal.facts) == ("rate_limited", {"retry_after_s": 1})
    await crowd.go("a")
    await crowd.go("b")


async def test_forgets_companies_that_have_left() -> None:
    turnstile = Turnstile()
    for tenant in range(50):
        async with turnstile.turn(tenant):
            pass
    assert not turnstile._lines


async def test_nobody_waits_for_long_behind_one_that_is_held_up() -> None:
    """A receipt that has to write a lot first, a shard that was lost: the rest of the company goes on."""
    hand = Hand()
    crowd = await beside(hand=hand)
    await crowd.all_come(of("a", 3 * GULP), tenant=1)
    for name in of("a", GULP)[1:]:
        await crowd.go(name)
    assert crowd.inside == ["a0"]
    hand.now += 2 * GULP_MAX_S
    await crowd.until(GULP)
    assert crowd.inside == ["a0", *of("a", 2 * GULP)[GULP:-1]]
    await crowd.all_go_resting()
    await asyncio.sleep(2 * GULP_MAX_S)
    assert not crowd.turnstile._lines
