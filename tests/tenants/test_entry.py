"""Signing up, being invited, and a password forgotten: links that open one door, once."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text

from kit.errors import Refused
from tenants import invitations, resets, sign_ups
from tenants.domain import Role
from tenants.invitations import Invitation
from tenants.messages import SignIn
from tenants.sign_ups import NewSignUp
from tests.people import PASSWORD, World, nothing_else
from tests.tenants.clocks import MovableClock
from tests.tenants.entry import Ways, facts_of

NEW = "another long password"


def wanted(**more: str) -> NewSignUp:
    slug = f"new-{uuid4().hex[:8]}"
    said = {"name": "Newcomers", "slug": slug, "time_zone": "Asia/Bishkek", "language": "ky", "currency": "KGS", "person": "Nur"}
    return NewSignUp(**(said | {"email": f"nur@{slug}.example"} | more))


def code_of(refused: pytest.ExceptionInfo[Refused]) -> str:
    return refused.value.refusal.code


# Signing up


async def test_a_company_is_founded_by_the_link_in_the_letter_and_not_before(ways: Ways) -> None:
    asked = wanted()
    await ways.sign_ups.ask(asked)
    assert await ways.sign_ups.is_free(asked.slug)
    link = await ways.link_to(asked.email)
    assert await ways.sign_ups.look(link) == asked
    tenant, founder = await ways.sign_ups.found(link, asked.slug, NEW, nothing_else)
    assert (tenant.slug, tenant.language, founder.label, founder.role) == (asked.slug, "ky", "Nur", Role.ADMIN)
    assert await ways.world.sessions.sign_in(SignIn(asked.slug, asked.email, NEW))


async def test_a_link_founds_one_company(ways: Ways) -> None:
    asked = wanted()
    await ways.sign_ups.ask(asked)
    link = await ways.link_to(asked.email)
    found = await asyncio.gather(
        *(ways.sign_ups.found(link, f"{asked.slug}-{number}", NEW, nothing_else) for number in range(4)), return_exceptions=True
    )
    assert sum(not isinstance(each, BaseException) for each in found) == 1
    assert {each.refusal.code for each in found if isinstance(each, Refused)} == {"link_spent"}


async def test_a_slug_that_was_taken_meanwhile_leaves_the_link_good(ways: Ways) -> None:
    asked = wanted()
    await ways.sign_ups.ask(asked)
    link = await ways.link_to(asked.email)
    with pytest.raises(Refused) as refused:
        await ways.sign_ups.found(link, ways.world.alice.tenant.slug, NEW, nothing_else)
    assert code_of(refused) == "slug_taken"
    await ways.sign_ups.found(link, asked.slug, NEW, nothing_else)


async def test_asking_tells_nothing_about_who_is_here(ways: Ways) -> None:
    """An e-mail of another company founds its own as any other does."""
    known = wanted(email=ways.world.bob.email)
    await ways.sign_ups.ask(known)
    assert await ways.sign_ups.look(await ways.link_to(known.email)) == known


async def test_a_sign_up_runs_out_after_a_day(ways: Ways, clock: MovableClock) -> None:
    asked = wanted()
    await ways.sign_ups.ask(asked)
    link = await ways.link_to(asked.email)
    clock.forward(sign_ups.GOOD_FOR)
    with pytest.raises(Refused) as refused:
        await ways.sign_ups.found(link, asked.slug, NEW, nothing_else)
    assert code_of(refused) == "link_spent"
    assert await ways.sign_ups.is_free(asked.slug)


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("slug", "Not A Slug", "invalid_value"),
        ("time_zone", "Mars/Olympus", "invalid_value"),
        ("currency", "som", "invalid_value"),
        ("email", "no-mail", "not_an_email"),
        ("person", " ", "value_missing"),
    ],
)
async def test_what_does_not_fit_is_said_before_a_letter_goes_out(ways: Ways, field: str, value: str, code: str) -> None:
    asked = wanted(**{field: value})
    with pytest.raises(Refused) as refused:
        await ways.sign_ups.ask(asked)
    assert code_of(refused) == code
    assert await ways.letters_to(asked.email) == []


async def test_a_taken_slug_and_a_closed_door_are_said(world: World, clock: MovableClock, ways: Ways) -> None:
    with pytest.raises(Refused) as refused:
        await ways.sign_ups.ask(wanted(slug=world.alice.tenant.slug))
    assert code_of(refused) == "slug_taken"
    with pytest.raises(Refused) as refused:
        await Ways(world, clock, sign_up_open=False).sign_ups.ask(wanted())
    assert code_of(refused) == "sign_up_closed"


# Invitations


async def test_whoever_is_invited_comes_in_with_the_role_and_a_password_of_their_own(ways: Ways) -> None:
    email = f"dana@{ways.world.alice.tenant.slug}.example"
    sent = await ways.invited(ways.world.alice, f" {email.upper()} ", Role.MANAGER)
    assert (sent.email, sent.role, sent.state) == (email, "manager", "open")
    tenant, actor = await ways.invitations.accept(await ways.link_to(email), "Dana", NEW)
    assert (tenant, actor.label, actor.role) == (ways.world.alice.tenant, "Dana", Role.MANAGER)
    assert await ways.world.sessions.sign_in(SignIn(tenant.slug, email, NEW))
    assert (await facts_of(ways.world, tenant))[-4:-1] == ["person_invited", "user_added", "invitation_accepted"]


async def test_an_invitation_lets_one_person_in(ways: Ways) -> None:
    email = f"dana@{ways.world.alice.tenant.slug}.example"
    await ways.invited(ways.world.alice, email)
    link = await ways.link_to(email)
    came = await asyncio.gather(*(ways.invitations.accept(link, f"Dana {n}", NEW) for n in range(4)), return_exceptions=True)
    assert sum(not isinstance(each, BaseException) for each in came) == 1
    assert {each.refusal.code for each in came if isinstance(each, Refused)} == {"link_spent"}


async def test_an_invitation_to_some_warehouses_limits_whoever_accepts_it(ways: Ways) -> None:
    alice = ways.world.alice
    async with ways.work(alice) as work:
        made = await work.connection.execute(
            text("INSERT INTO warehouses (tenant_id, code, name, time_zone) VALUES (:tenant, 'osh', 'Osh', 'UTC') RETURNING id"),
            {"tenant": alice.tenant.id},
        )
        osh = made.scalar_one()
    email = f"dana@{alice.tenant.slug}.example"
    sent = await ways.invited(alice, email, warehouses={osh: "osh"})
    assert sent.warehouses == (osh,)
    tenant, actor = await ways.invitations.accept(await ways.link_to(email), "Dana", NEW)
    opened = await ways.world.sessions.sign_in(SignIn(tenant.slug, email, NEW))
    assert opened.caller.actor.warehouses == actor.warehouses == frozenset({osh})


@pytest.mark.parametrize("how", ["revoked", "resent", "ran out", "another's"])
async def test_a_link_that_is_no_good_any_more(ways: Ways, clock: MovableClock, how: str) -> None:
    alice = ways.world.alice
    email = f"dana@{alice.tenant.slug}.example"
    sent = await ways.invited(alice, email)
    link = await ways.link_to(email)
    if how == "ran out":
        clock.forward(invitations.GOOD_FOR)
    elif how == "another's":
        link = link.replace(alice.tenant.slug, ways.world.carol.tenant.slug)
    else:
        clock.forward(timedelta(seconds=1))
        async with ways.work(alice) as work:
            verb = ways.invitations.revoke if how == "revoked" else ways.invitations.resend
            await verb(work, alice.tenant, alice.actor, sent.id)
    with pytest.raises(Refused) as refused:
        await ways.invitations.accept(link, "Dana", NEW)
    assert code_of(refused) == "link_spent"
    if how == "resent":
        await ways.invitations.accept(await ways.link_to(email), "Dana", NEW)


async def test_nobody_is_invited_twice_or_while_they_are_here(ways: Ways, clock: MovableClock) -> None:
    alice = ways.world.alice
    email = f"dana@{alice.tenant.slug}.example"
    await ways.invited(alice, email)
    for again, code in ((email, "already_invited"), (ways.world.bob.email, "email_taken")):
        with pytest.raises(Refused) as refused:
            await ways.invited(alice, again)
        assert code_of(refused) == code
    clock.forward(invitations.GOOD_FOR)
    assert (await ways.invited(alice, email)).state == "open"


async def test_only_who_may_write_people_invites_and_only_their_own(ways: Ways) -> None:
    sent = await ways.invited(ways.world.alice, f"dana@{ways.world.alice.tenant.slug}.example")
    with pytest.raises(Refused) as refused:
        await ways.invited(ways.world.bob, "x@example.com")
    assert code_of(refused) == "not_allowed"
    carol = ways.world.carol
    for verb in (ways.invitations.revoke, ways.invitations.resend):
        with pytest.raises(Refused) as refused:
            async with ways.work(carol) as work:
                await verb(work, carol.tenant, carol.actor, sent.id)
        assert code_of(refused) == "not_found"


async def test_the_plan_is_asked_when_somebody_comes_in(ways: Ways) -> None:
    asked = wanted()
    await ways.sign_ups.ask(asked)
    tenant, founder = await ways.sign_ups.found(await ways.link_to(asked.email), asked.slug, NEW, nothing_else)
    sent: list[Invitation] = []
    for number in range(5):  # a starter plan has room for four more
        async with ways.work(_person(tenant, founder)) as work:
            new = invitations.NewInvitation(f"p{number}@{asked.slug}.example", Role.VIEWER, "en")
            sent.append(await ways.invitations.invite(work, tenant, founder, new))
    for each in sent[:4]:
        await ways.invitations.accept(await ways.link_to(each.email), "P", NEW)
    with pytest.raises(Refused) as refused:
        await ways.invitations.accept(await ways.link_to(sent[4].email), "P", NEW)
    assert code_of(refused) == "plan_limit_reached"


def _person(tenant: object, actor: object) -> object:
    from tests.people import Person

    return Person(tenant, actor, "", "")  # type: ignore[arg-type]


# Resets


async def test_a_reset_gives_a_new_password_and_ends_all_sessions(ways: Ways) -> None:
    bob = ways.world.bob
    before = await ways.world.sessions.sign_in(SignIn(bob.tenant.slug, bob.email, PASSWORD))
    await ways.resets.ask(bob.tenant.slug, bob.email.upper())
    link = await ways.link_to(bob.email)
    assert await ways.resets.look(link) == bob.tenant.slug
    assert await ways.resets.use(link, NEW) == bob.tenant.slug
    assert not await ways.is_open(before)
    assert await ways.world.sessions.sign_in(SignIn(bob.tenant.slug, bob.email, NEW))
    with pytest.raises(Refused):
        await ways.world.sessions.sign_in(SignIn(bob.tenant.slug, bob.email, PASSWORD))
    assert (await ways.letters_to(bob.email))[0].letter.kind == "password_changed"


async def test_one_reset_spends_all_links_of_the_person(ways: Ways) -> None:
    bob = ways.world.bob
    links = []
    for _ in range(2):
        await ways.resets.ask(bob.tenant.slug, bob.email)
        links.append(await ways.link_to(bob.email))
    await ways.resets.use(links[0], NEW)
    for link in links:
        with pytest.raises(Refused) as refused:
            await ways.resets.use(link, NEW)
        assert code_of(refused) == "link_spent"


async def test_a_reset_runs_out_after_half_an_hour(ways: Ways, clock: MovableClock) -> None:
    bob = ways.world.bob
    await ways.resets.ask(bob.tenant.slug, bob.email)
    clock.forward(resets.GOOD_FOR)
    with pytest.raises(Refused) as refused:
        await ways.resets.use(await ways.link_to(bob.email), NEW)
    assert code_of(refused) == "link_spent"


async def test_whoever_is_not_here_gets_no_letter_and_no_other_answer(ways: Ways) -> None:
    bob = ways.world.bob
    stranger = f"nobody@{bob.tenant.slug}.example"
    await ways.resets.ask(bob.tenant.slug, stranger)
    await ways.resets.ask("no-such-company", bob.email)
    await ways.resets.ask(ways.world.carol.tenant.slug, bob.email)
    assert await ways.letters_to(stranger) == []
    assert await ways.letters_to(bob.email) == []


async def test_the_disabled_get_none_and_use_none(ways: Ways) -> None:
    alice, bob = ways.world.alice, ways.world.bob
    await ways.resets.ask(bob.tenant.slug, bob.email)
    link = await ways.link_to(bob.email)
    await ways.world.people.disable_user(alice.tenant, alice.actor, bob.actor.principal_id)
    with pytest.raises(Refused) as refused:
        await ways.resets.use(link, NEW)
    assert code_of(refused) == "link_spent"


@pytest.mark.parametrize("link", ["", "x", "alice.short", "no-such-company." + "a" * 43, "../../etc", "a" * 500, "\u0000"])
async def test_a_made_up_link_opens_nothing(ways: Ways, link: str) -> None:
    for look in (ways.resets.look, ways.invitations.look, ways.sign_ups.look):
        with pytest.raises(Refused) as refused:
            await look(link)
        assert code_of(refused) == "link_spent"


async def test_a_short_password_spends_no_link(ways: Ways) -> None:
    bob = ways.world.bob
    await ways.resets.ask(bob.tenant.slug, bob.email)
    link = await ways.link_to(bob.email)
    with pytest.raises(Refused) as refused:
        await ways.resets.use(link, "short")
    assert code_of(refused) == "password_too_short"
    await ways.resets.use(link, NEW)


async def test_no_link_is_stored_as_it_was_sent(ways: Ways) -> None:
    alice, bob = ways.world.alice, ways.world.bob
    email = f"dana@{alice.tenant.slug}.example"
    await ways.invited(alice, email)
    await ways.resets.ask(bob.tenant.slug, bob.email)
    links = [await ways.link_to(email), await ways.link_to(bob.email)]
    async with ways.work(alice) as work:
        for table in ("invitations", "resets", "mails", "facts"):
            rows = str((await work.connection.execute(text(f"SELECT t::text FROM {table} t"))).all())
            assert all(link.partition(".")[2] not in rows for link in links), table
