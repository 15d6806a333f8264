"""The second factor: after the password a code that goes with the time, each of them once."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pyotp
import pytest
from sqlalchemy import text

from kit.clock import from_us
from kit.errors import Refused
from tenants.messages import Caller, CodeWanted, SignedIn, SignIn
from tenants.seal import Seal
from tenants.second_factor import RECOVERY_CODES, STEP_S, matching_step
from tests.people import PASSWORD, Person, World
from tests.tenants.clocks import MovableClock
from tests.tenants.entry import HERE, Ways

STEP = timedelta(seconds=STEP_S)


def code_of(refused: pytest.ExceptionInfo[Refused]) -> str:
    return refused.value.refusal.code


def code_at(secret: str, clock: MovableClock, steps: int = 0) -> str:
    return pyotp.TOTP(secret).at(from_us(clock()), counter_offset=steps)


async def added(ways: Ways, who: Person) -> tuple[str, list[str], Caller]:
    """The person adds a second factor: its seed, the recovery codes, and the session they then have."""
    caller = await ways.came(who.tenant, who.actor)
    await ways.second_factors.offer(caller, PASSWORD)
    offered = await ways.second_factors.offered(caller)
    assert offered is not None
    codes, signed_in = await ways.second_factors.confirm(caller, code_at(offered.secret, ways.clock), HERE)
    ways.clock.forward(STEP)
    return offered.secret, codes, signed_in.caller


async def first_step(world: World, who: Person) -> CodeWanted:
    found = await world.sessions.sign_in(SignIn(who.tenant.slug, who.email, PASSWORD))
    assert isinstance(found, CodeWanted)
    return found


async def test_the_password_alone_opens_no_session_any_more(ways: Ways, clock: MovableClock) -> None:
    bob = ways.world.bob
    secret, _codes, _caller = await added(ways, bob)
    wanted = await first_step(ways.world, bob)
    async with ways.work(bob) as work:
        sessions = await work.connection.execute(
            text("SELECT count(*) FROM sessions WHERE principal_id = :id"), {"id": wanted.principal_id}
        )
        assert sessions.scalar_one() == 1  # the one it was added in
    signed_in = await ways.second_factors.step_through(wanted, code_at(secret, clock), HERE)
    assert await ways.is_open(signed_in)


async def test_adding_it_ends_every_other_session_and_renews_this_one(ways: Ways) -> None:
    bob = ways.world.bob
    before = await ways.world.sessions.sign_in(SignIn(bob.tenant.slug, bob.email, PASSWORD))
    assert isinstance(before, SignedIn)
    _secret, _codes, caller = await added(ways, bob)
    assert not await ways.is_open(before)
    assert await ways.world.callers.again(caller) is not None


async def test_a_code_is_taken_once(ways: Ways, clock: MovableClock) -> None:
    secret, _codes, _caller = await added(ways, ways.world.bob)
    wanted, code = await first_step(ways.world, ways.world.bob), code_at(secret, clock)
    tried = await asyncio.gather(*(ways.second_factors.step_through(wanted, code, HERE) for _ in range(4)), return_exceptions=True)
    assert sum(isinstance(each, SignedIn) for each in tried) == 1
    assert {each.refusal.code for each in tried if isinstance(each, Refused)} == {"wrong_code"}


async def test_a_code_of_an_earlier_step_is_not_taken_after_a_later_one(ways: Ways, clock: MovableClock) -> None:
    secret, _codes, _caller = await added(ways, ways.world.bob)
    wanted = await first_step(ways.world, ways.world.bob)
    clock.forward(3 * STEP)
    await ways.second_factors.step_through(wanted, code_at(secret, clock, 1), HERE)
    with pytest.raises(Refused) as refused:
        await ways.second_factors.step_through(wanted, code_at(secret, clock), HERE)
    assert code_of(refused) == "wrong_code"


@pytest.mark.parametrize(("steps", "fits"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_phone_may_be_one_step_off(clock: MovableClock, steps: int, fits: bool) -> None:
    secret, now = pyotp.random_base32(), from_us(clock())
    step = matching_step(secret, code_at(secret, clock, steps), now)
    assert (step is not None) == fits
    assert step in (None, int(now.timestamp()) // STEP_S + steps)


@pytest.mark.parametrize("typed", ["", "12345", "abcdef", "١٢٣٤٥٦", "000000000000", "aaaa-bbbb-cccc-dddd"])
async def test_anything_else_is_no_code(ways: Ways, typed: str) -> None:
    await added(ways, ways.world.bob)
    wanted = await first_step(ways.world, ways.world.bob)
    with pytest.raises(Refused) as refused:
        await ways.second_factors.step_through(wanted, typed, HERE)
    assert code_of(refused) == "wrong_code"


async def test_a_recovery_code_opens_once_and_the_owner_is_told(ways: Ways) -> None:
    bob = ways.world.bob
    _secret, codes, _caller = await added(ways, bob)
    assert len(set(codes)) == RECOVERY_CODES
    wanted = await first_step(ways.world, bob)
    await ways.second_factors.step_through(wanted, codes[3].upper().replace("-", " "), HERE)
    letter = (await ways.letters_to(bob.email))[0].letter
    assert (letter.kind, letter.facts["left"]) == ("recovery_code_used", str(RECOVERY_CODES - 1))
    with pytest.raises(Refused) as refused:
        await ways.second_factors.step_through(wanted, codes[3], HERE)
    assert code_of(refused) == "wrong_code"


async def test_the_second_step_ends_with_a_new_password_or_a_disabled_account(ways: Ways, clock: MovableClock) -> None:
    alice, bob = ways.world.alice, ways.world.bob
    secret, _codes, _caller = await added(ways, bob)
    wanted = await first_step(ways.world, bob)
    await ways.world.people.set_password(bob.tenant, bob.actor, bob.actor.principal_id, "another long password")
    with pytest.raises(Refused) as refused:
        await ways.second_factors.step_through(wanted, code_at(secret, clock), HERE)
    assert code_of(refused) == "sign_in_again"
    await ways.world.people.set_password(bob.tenant, bob.actor, bob.actor.principal_id, PASSWORD)
    wanted = await first_step(ways.world, bob)
    await ways.world.people.disable_user(alice.tenant, alice.actor, bob.actor.principal_id)
    with pytest.raises(Refused) as refused:
        await ways.second_factors.step_through(wanted, code_at(secret, clock), HERE)
    assert code_of(refused) == "sign_in_again"


async def test_a_session_left_open_adds_none_without_the_password(ways: Ways) -> None:
    caller = await ways.came(ways.world.bob.tenant, ways.world.bob.actor)
    with pytest.raises(Refused) as refused:
        await ways.second_factors.offer(caller, "wrong password")
    assert code_of(refused) == "wrong_password"
    assert await ways.second_factors.offered(caller) is None


async def test_a_wrong_first_code_adds_nothing(ways: Ways) -> None:
    bob = ways.world.bob
    caller = await ways.came(bob.tenant, bob.actor)
    await ways.second_factors.offer(caller, PASSWORD)
    with pytest.raises(Refused) as refused:
        await ways.second_factors.confirm(caller, "000000", HERE)
    assert code_of(refused) == "wrong_code"
    assert isinstance(await ways.world.sessions.sign_in(SignIn(bob.tenant.slug, bob.email, PASSWORD)), SignedIn)


async def test_one_that_counts_is_not_offered_anew_or_taken_off_without_a_code(ways: Ways, clock: MovableClock) -> None:
    bob = ways.world.bob
    secret, codes, caller = await added(ways, bob)
    for verb, code in (
        (ways.second_factors.offer(caller, PASSWORD), "second_factor_on"),
        (ways.second_factors.drop(caller, "000000"), "wrong_code"),
        (ways.second_factors.drop(caller, codes[0]), "wrong_code"),
    ):
        with pytest.raises(Refused) as refused:
            await verb
        assert code_of(refused) == code
    await ways.second_factors.drop(caller, code_at(secret, clock))
    assert isinstance(await ways.world.sessions.sign_in(SignIn(bob.tenant.slug, bob.email, PASSWORD)), SignedIn)
    assert (await ways.letters_to(bob.email))[0].letter.kind == "second_factor_off"


async def test_other_recovery_codes_take_the_place_of_those_before(ways: Ways, clock: MovableClock) -> None:
    bob = ways.world.bob
    secret, before, caller = await added(ways, bob)
    after = await ways.second_factors.renew_codes(caller, code_at(secret, clock))
    assert not set(before) & set(after)
    wanted = await first_step(ways.world, bob)
    with pytest.raises(Refused):
        await ways.second_factors.step_through(wanted, before[0], HERE)
    assert await ways.second_factors.step_through(wanted, after[0], HERE)


async def test_an_admin_takes_it_off_for_who_lost_everything(ways: Ways) -> None:
    alice, bob, carol = ways.world.alice, ways.world.bob, ways.world.carol
    _secret, _codes, caller = await added(ways, bob)
    for by, code in ((bob, "not_allowed"), (carol, "not_found")):
        with pytest.raises(Refused) as refused:
            async with ways.work(by) as work:
                await ways.second_factors.take_off(work, by.tenant, by.actor, bob.actor.principal_id)
        assert code_of(refused) == code
    async with ways.work(alice) as work:
        await ways.second_factors.take_off(work, alice.tenant, alice.actor, bob.actor.principal_id)
    assert await ways.world.callers.again(caller) is None
    assert (await ways.letters_to(bob.email))[0].letter.kind == "second_factor_off"
    assert isinstance(await ways.world.sessions.sign_in(SignIn(bob.tenant.slug, bob.email, PASSWORD)), SignedIn)


async def test_seed_and_codes_are_not_stored_as_they_are(ways: Ways) -> None:
    secret, codes, _caller = await added(ways, ways.world.bob)
    async with ways.work(ways.world.bob) as work:
        for table in ("second_factors", "recovery_codes", "mails", "facts"):
            rows = str((await work.connection.execute(text(f"SELECT t::text FROM {table} t"))).all())
            assert secret not in rows
            assert secret.encode().hex() not in rows
            assert all(code not in rows and code.replace("-", "") not in rows for code in codes)


async def test_under_another_secret_no_code_fits_and_recovery_codes_still_open(ways: Ways, clock: MovableClock) -> None:
    bob = ways.world.bob
    secret, codes, _caller = await added(ways, bob)
    wanted = await first_step(ways.world, bob)
    other = replace(ways.second_factors, seal=Seal("another secret, as long as it should be"))
    with pytest.raises(Refused) as refused:
        await other.step_through(wanted, code_at(secret, clock), HERE)
    assert code_of(refused) == "wrong_code"
    assert await other.step_through(wanted, codes[0], HERE)
