"""One's own account and the people one looks after."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from kit.errors import Refused
from tenants.domain import Role
from tenants.messages import SignedIn, SignIn, Visitor
from tenants.staff import Wanted, colleagues, one
from tests.people import PASSWORD, Person
from tests.tenants.clocks import MovableClock
from tests.tenants.entry import HERE, Ways

NEW = "another long password"


def code_of(refused: pytest.ExceptionInfo[Refused]) -> str:
    return refused.value.refusal.code


async def entered(ways: Ways, who: Person, device: str = "Firefox, Linux") -> SignedIn:
    found = await ways.world.sessions.sign_in(SignIn(who.tenant.slug, who.email, PASSWORD, None, device, "192.0.2.7"))
    assert isinstance(found, SignedIn)
    return found


async def test_sessions_are_listed_with_device_and_address_and_this_one_is_marked(ways: Ways, clock: MovableClock) -> None:
    bob = ways.world.bob
    await entered(ways, bob, "Chrome, Android")
    clock.forward(timedelta(minutes=1))
    here = await entered(ways, bob)
    await entered(ways, ways.world.alice)
    async with bob.context(ways.world.engine).reading() as connection:
        listed = await ways.accounts.open_sessions(connection, here.caller)
    assert [(each.device, each.address, each.this) for each in listed] == [
        ("Firefox, Linux", "192.0.2.7", True),
        ("Chrome, Android", "192.0.2.7", False),
    ]


async def test_one_session_is_ended_or_all_others_are(ways: Ways) -> None:
    bob = ways.world.bob
    one_more, another, here = [await entered(ways, bob) for _ in range(3)]
    async with bob.context(ways.world.engine).reading() as connection:
        listed = await ways.accounts.open_sessions(connection, one_more.caller)
    number = next(each.id for each in listed if each.this)
    async with ways.work(bob) as work:
        await ways.accounts.end_session(work, here.caller, number)
    assert [await ways.is_open(each) for each in (one_more, another, here)] == [False, True, True]
    async with ways.work(bob) as work:
        assert await ways.accounts.end_others(work, here.caller) == 1
    assert [await ways.is_open(each) for each in (another, here)] == [False, True]


async def test_nobody_ends_anothers_session(ways: Ways) -> None:
    alice = await entered(ways, ways.world.alice)
    async with ways.world.alice.context(ways.world.engine).reading() as connection:
        number = (await ways.accounts.open_sessions(connection, alice.caller))[0].id
    for stranger in (ways.world.bob, ways.world.carol):
        theirs = await entered(ways, stranger)
        with pytest.raises(Refused) as refused:
            async with ways.work(stranger) as work:
                await ways.accounts.end_session(work, theirs.caller, number)
        assert code_of(refused) == "not_found"
    assert await ways.is_open(alice)


async def test_a_new_password_needs_the_old_one_and_leaves_one_session(ways: Ways) -> None:
    bob = ways.world.bob
    elsewhere, here = await entered(ways, bob), await entered(ways, bob)
    with pytest.raises(Refused) as refused:
        await ways.accounts.change_password(here.caller, "wrong password", NEW, HERE)
    assert code_of(refused) == "wrong_password"
    after = await ways.accounts.change_password(here.caller, PASSWORD, NEW, Visitor(here.cookie))
    assert [await ways.is_open(each) for each in (elsewhere, here, after)] == [False, False, True]
    assert (await ways.letters_to(bob.email))[0].letter.kind == "password_changed"


async def test_a_key_has_no_account(ways: Ways) -> None:
    caller = await ways.world.callers.of_key(ways.world.bob.key)
    assert caller is not None
    with pytest.raises(Refused) as refused:
        async with ways.work(ways.world.bob) as work:
            await ways.accounts.describe(work, caller, "Another name", "en")
    assert code_of(refused) == "not_found"
    with pytest.raises(Refused) as refused:
        await ways.accounts.change_password(caller, PASSWORD, NEW, HERE)
    assert code_of(refused) == "wrong_password"


# People


async def change(ways: Ways, by: Person, whom: Person, version: int | None = None, **wanted: Any) -> Any:
    async with ways.work(by) as work:
        if version is None:
            version = (await one(work.connection, whom.tenant.id, whom.actor.principal_id)).version
        return await ways.staff.change(work, by.tenant, by.actor, whom.actor.principal_id, Wanted(**wanted), version)


async def test_the_list_tells_role_and_when_somebody_was_last_here(ways: Ways) -> None:
    bob = ways.world.bob
    await entered(ways, bob)
    async with bob.context(ways.world.engine).reading() as connection:
        found = {each.name: each for each in await colleagues(connection, bob.tenant.id)}
    assert set(found) == {"Alice", "Bob"}
    assert (found["Bob"].role, found["Bob"].second_factor, found["Bob"].disabled) == ("operator", False, False)
    assert found["Bob"].seen_at is not None
    assert found["Alice"].seen_at is None


async def test_a_change_is_all_or_nothing_and_ends_sessions(ways: Ways) -> None:
    alice, bob = ways.world.alice, ways.world.bob
    here = await entered(ways, bob)
    after = await change(ways, alice, bob, role=Role.MANAGER)
    assert after.role == "manager"
    assert not await ways.is_open(here)
    with pytest.raises(Refused):
        await change(ways, alice, alice, role=Role.MANAGER, disabled=True)
    assert (await change(ways, alice, alice)).role == "admin"


async def test_who_saw_an_older_version_changes_nothing(ways: Ways) -> None:
    alice, bob = ways.world.alice, ways.world.bob
    seen = (await change(ways, alice, bob)).version
    await change(ways, alice, bob, role=Role.VIEWER)
    with pytest.raises(Refused) as refused:
        await change(ways, alice, bob, seen, disabled=True)
    assert code_of(refused) == "version_conflict"
    assert not (await change(ways, alice, bob)).disabled


async def test_the_disabled_stay_out_until_they_are_let_in_again(ways: Ways) -> None:
    alice, bob = ways.world.alice, ways.world.bob
    here = await entered(ways, bob)
    await change(ways, alice, bob, disabled=True)
    assert not await ways.is_open(here)
    with pytest.raises(Refused) as refused:
        await entered(ways, bob)
    assert code_of(refused) == "wrong_credentials"
    await change(ways, alice, bob, disabled=False)
    assert await ways.is_open(await entered(ways, bob))


@pytest.mark.parametrize("wanted", [{"role": Role.MANAGER}, {"disabled": True}])
async def test_the_last_admin_stays_one(ways: Ways, wanted: dict[str, Any]) -> None:
    with pytest.raises(Refused) as refused:
        await change(ways, ways.world.alice, ways.world.alice, **wanted)
    assert code_of(refused) == "last_admin"


async def test_only_who_may_changes_people_and_never_anothers(ways: Ways) -> None:
    alice, bob, carol = ways.world.alice, ways.world.bob, ways.world.carol
    for by, code in ((bob, "not_allowed"), (carol, "not_found")):
        with pytest.raises(Refused) as refused:
            await change(ways, by, alice, 1, role=Role.VIEWER)
        assert code_of(refused) == code
