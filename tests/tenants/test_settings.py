"""What may be chosen, within which bounds, by whom; and where it is felt."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from kit.errors import Refused
from tenants import company
from tenants.company import Chosen, Company
from tenants.domain import PERMISSIONS, Role
from tenants.messages import SignIn
from tenants.settings import SETTINGS, Choices, Settings
from tests.people import Person, World, hire
from tests.tenants.clocks import MovableClock
from tests.tenants.test_audit import told


async def choose(world: World, who: Person, wanted: dict[str, Any], seen: int = 1, used: bool = False) -> Chosen:
    async with who.context(world.engine).writing() as work:
        return await Company(world.engine, world.callers).change(work, who.actor, wanted, seen, currency_is_used=used)


async def test_nothing_is_chosen_at_first_and_every_default_fits_its_bounds(world: World) -> None:
    async with world.alice.context(world.engine).reading() as connection:
        found = await company.chosen(connection, world.alice.tenant.id)
    assert found.version == 1
    assert set(found.values) == {each.name for each in SETTINGS}
    assert {each.name for each in SETTINGS if each.problem(found.values[each.name])} == set()
    assert {each.name for each in SETTINGS if each.default is not None and found.values[each.name] != each.default} == set()


async def test_a_change_is_felt_at_once_and_leaves_a_fact_with_before_and_after(world: World) -> None:
    assert (await world.callers.of_key(world.bob.key)) is not None
    found = await choose(world, world.alice, {"hold_max_s": 3600, "name": "  Alice Ltd ", "currency": "KGS"})
    assert (found.version, found.values["hold_max_s"], found.values["name"]) == (2, 3600, "Alice Ltd")
    caller = await world.callers.of_key(world.bob.key)
    assert caller is not None
    assert (caller.tenant.name, caller.tenant.settings.hold_max_s, caller.tenant.version) == ("Alice Ltd", 3600, 2)
    row = (await told(world))[0]
    assert (row.name, row.before, row.after) == (
        "settings_changed", {"hold_max_s": 604_800, "name": "Alice & Co"}, {"hold_max_s": 3600, "name": "Alice Ltd"},
    )  # fmt: skip


async def test_none_goes_back_to_the_default_and_what_changes_nothing_leaves_no_fact(world: World) -> None:
    await choose(world, world.alice, {"session_idle_minutes": 30})
    assert (await choose(world, world.alice, {"session_idle_minutes": None}, 2)).values["session_idle_minutes"] == 720
    facts = len(await told(world))
    assert (await choose(world, world.alice, {"session_idle_minutes": 720}, 3)).version == 3
    assert len(await told(world)) == facts


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        ({"hold_max_s": 59}, "not_between"),
        ({"hold_max_s": 604_801}, "not_between"),
        ({"hold_max_s": "900"}, "wrong_type"),
        ({"hold_max_s": True}, "wrong_type"),
        ({"hold_default_s": 900, "hold_max_s": 600}, "hold_default_over_max"),
        ({"over_receipt_percent": 101}, "not_between"),
        ({"time_zone": "Mars/Base"}, "unknown_time_zone"),
        ({"language": "de"}, "not_a_choice"),
        ({"currency": "som"}, "not_a_currency"),
        ({"name": "  "}, "value_missing"),
        ({"name": None}, "value_missing"),
        ({"name": "x" * 201}, "text_too_long"),
        ({"date_format": "ymd"}, "not_a_choice"),
        ({"negative_stock": "on"}, "setting_fixed"),
        ({"second_factor": "all"}, "not_a_choice"),
        ({"session_idle_minutes": 4}, "not_between"),
        ({"colour": "red"}, "unknown_field"),
    ],
)
async def test_what_does_not_fit_is_refused_and_changes_nothing(world: World, wanted: dict[str, Any], code: str) -> None:
    with pytest.raises(Refused) as refused:
        await choose(world, world.alice, wanted)
    assert [error["code"] for error in refused.value.refusal.errors] == [code]
    async with world.alice.context(world.engine).reading() as connection:
        assert (await company.chosen(connection, world.alice.tenant.id)).version == 1


async def test_the_currency_stays_once_costs_are_kept_in_it(world: World) -> None:
    with pytest.raises(Refused, match="currency_fixed"):
        await choose(world, world.alice, {"currency": "USD"}, used=True)
    assert (await choose(world, world.alice, {"currency": "KGS", "name": "A"}, used=True)).values["name"] == "A"
    assert (await choose(world, world.alice, {"currency": "USD"}, 2)).values["currency"] == "USD"


async def test_only_who_has_seen_the_last_version_and_may_changes_anything(world: World) -> None:
    with pytest.raises(Refused, match="not_allowed"):
        await choose(world, world.bob, {"name": "B"})
    await choose(world, world.alice, {"name": "A"})
    with pytest.raises(Refused, match="version_conflict"):
        await choose(world, world.alice, {"name": "C"})
    assert {role for role in Role if "settings.write" in PERMISSIONS[role]} == {Role.ADMIN}


async def test_a_company_never_chooses_for_another(world: World) -> None:
    await choose(world, world.alice, {"hold_max_s": 900})
    carol = await world.callers.of_key(world.carol.key)
    assert carol is not None
    assert carol.tenant.settings == Settings()


async def test_a_session_ends_as_the_company_has_chosen_since(world: World, clock: MovableClock) -> None:
    cookie = (await world.sessions.sign_in(SignIn(world.bob.tenant.slug, world.bob.email, world.bob.password))).cookie
    clock.forward(timedelta(minutes=20))
    assert await world.callers.of_session(cookie) is not None
    await choose(world, world.alice, {"session_idle_minutes": 15})
    clock.forward(timedelta(minutes=16))
    world.callers.forget(world.bob.tenant.id, world.bob.actor.principal_id)
    assert await world.callers.of_session(cookie) is None


async def test_a_session_in_use_ends_at_the_latest_that_was_chosen(world: World, clock: MovableClock) -> None:
    await choose(world, world.alice, {"session_longest_hours": 1})
    cookie = (await world.sessions.sign_in(SignIn(world.bob.tenant.slug, world.bob.email, world.bob.password))).cookie
    clock.forward(timedelta(minutes=59))
    assert await world.callers.of_session(cookie) is not None
    clock.forward(timedelta(minutes=1))
    world.callers.forget(world.bob.tenant.id, world.bob.actor.principal_id)
    assert await world.callers.of_session(cookie) is None


async def test_a_person_prefers_for_themselves(world: World) -> None:
    mine = Choices("Europe/Berlin", "iso", "point")
    await Company(world.engine, world.callers).prefer(world.bob.tenant, world.bob.actor, mine)
    dana = await hire(world.people, world.alice, "Dana", Role.VIEWER)
    cookies = [(await world.sessions.sign_in(SignIn(each.tenant.slug, each.email, each.password))).cookie for each in (world.bob, dana)]
    callers = [await world.callers.of_session(cookie) for cookie in cookies]
    assert [caller and caller.actor.choices for caller in callers] == [mine, Choices()]
    with pytest.raises(Refused, match="invalid_body"):
        await Company(world.engine, world.callers).prefer(world.bob.tenant, world.bob.actor, Choices("Mars/Base"))


def test_what_is_stored_and_cannot_be_used_is_as_if_never_chosen() -> None:
    assert Settings.of({"hold_max_s": -1, "from_the_future": 1, "date_format": "iso"}) == Settings(date_format="iso")
    assert Choices.of({"time_zone": "Mars/Base", "number_format": "comma"}) == Choices(number_format="comma")


@pytest.mark.parametrize(("chosen", "admin", "other"), [("nobody", False, False), ("admins", True, False), ("everyone", True, True)])
def test_who_needs_a_second_factor(chosen: str, admin: bool, other: bool) -> None:
    settings = Settings(second_factor=chosen)
    assert (settings.asks_second_factor(admin=True), settings.asks_second_factor(admin=False)) == (admin, other)
