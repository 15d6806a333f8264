"""Letters: written with their cause, sent at least once, read by nobody else. The mail server is a real one."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from sqlalchemy import text

from app.smtp import Smtp
from db.tenancy import set_tenant
from kit.errors import Refused
from tenants.mails import GIVEN_UP_AFTER, LEASE, Letter, NotDelivered, Undeliverable
from tests.people import World
from tests.tenants.clocks import MovableClock
from tests.tenants.entry import Ways
from web.letters import carrier

SENDER = "Onhand <post@onhand.example>"
HOME = "https://onhand.example"


class Inbox:
    """What the server took; `answer` is what it says to the next letter instead."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        self.answer = "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's word
        if self.answer.startswith("250"):
            self.messages.append(message_from_bytes(envelope.content, policy=policy.default))  # type: ignore[arg-type]
        return self.answer


@pytest.fixture
async def inbox() -> AsyncIterator[tuple[Inbox, str]]:
    """A mail server of this test, and its address."""
    inbox = Inbox()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    controller = Controller(inbox, hostname="127.0.0.1", port=port)
    await asyncio.to_thread(controller.start)
    yield inbox, f"smtp://127.0.0.1:{port}"
    await asyncio.to_thread(controller.stop)


@pytest.fixture
def sent(world: World, clock: MovableClock, inbox: tuple[Inbox, str]) -> tuple[Ways, Inbox]:
    """Ways whose letters go to the server."""
    server, url = inbox
    return Ways(world, clock, carrier(Smtp(url), SENDER, HOME)), server


async def all_sent(ways: Ways) -> int:
    """Other tests' letters lie in the same database: go on until none is due."""
    count = 0
    while found := await ways.post.send_due():
        count += found
    return count


async def state_of(ways: Ways, email: str) -> dict[str, Any]:
    mail = (await ways.letters_to(email))[0]
    async with ways.world.engine.begin() as connection:
        await set_tenant(connection, mail.tenant_id)
        row = await connection.execute(text("SELECT * FROM mails WHERE id = :id"), {"id": mail.id})
        return dict(row.mappings().one())


async def test_a_letter_goes_out_in_the_readers_language_as_text_and_html(sent: tuple[Ways, Inbox]) -> None:
    ways, inbox = sent
    alice = ways.world.alice
    async with ways.work(alice) as work:
        facts = {"company": "Чай & Ко", "slug": "chay", "link": "chay.token"}
        await ways.post.write(work, Letter("invitation", "dana@example.com", "ru", facts))
    await all_sent(ways)
    message = next(each for each in inbox.messages if each["To"] == "dana@example.com")
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    assert html is not None
    assert message["From"] == SENDER
    assert "Чай & Ко" in message["Subject"]
    assert f"{HOME}/invitation/chay.token" in plain.get_content().split()
    assert "Чай &amp; Ко" in html.get_content()
    assert f'<a href="{HOME}/invitation/chay.token">' in html.get_content()
    assert "invited" not in plain.get_content()


async def test_what_a_letter_says_is_sealed_while_it_waits_and_gone_once_sent(sent: tuple[Ways, Inbox]) -> None:
    ways, _inbox = sent
    email = f"eve@{ways.world.alice.tenant.slug}.example"
    await ways.invited(ways.world.alice, email)
    link = await ways.link_to(email)
    waiting = await state_of(ways, email)
    assert link.encode() not in bytes(waiting["sealed"])
    assert link not in str(waiting)
    await all_sent(ways)
    gone = await state_of(ways, email)
    assert (gone["state"], gone["sealed"]) == ("sent", None)


async def test_a_letter_whose_cause_was_undone_was_never_written(ways: Ways) -> None:
    async def undone() -> None:
        async with ways.work(ways.world.alice) as work:
            await ways.post.write(work, Letter("reset", "nobody@example.com", "en", {"company": "x", "slug": "x", "link": "x"}))
            raise LookupError

    with pytest.raises(LookupError):
        await undone()
    assert await ways.letters_to("nobody@example.com") == []


async def test_a_letter_that_was_not_taken_comes_again_under_the_same_id(sent: tuple[Ways, Inbox], clock: MovableClock) -> None:
    ways, inbox = sent
    email = f"frank@{ways.world.alice.tenant.slug}.example"
    await ways.invited(ways.world.alice, email)
    await all_sent(ways)
    first = next(each for each in inbox.messages if each["To"] == email)["Message-ID"]
    async with ways.world.engine.begin() as connection:  # as if the process had died before it could note that it was sent
        await set_tenant(connection, ways.world.alice.tenant.id)
        await connection.execute(text("UPDATE mails SET state = 'queued' WHERE recipient = :email"), {"email": email})
    mail = (await ways.letters_to(email))[0]
    assert first == f"<{mail.message_id}@onhand.example>"


async def test_a_server_that_is_busy_is_asked_again_later(sent: tuple[Ways, Inbox], clock: MovableClock) -> None:
    ways, inbox = sent
    email = f"gwen@{ways.world.alice.tenant.slug}.example"
    await ways.invited(ways.world.alice, email)
    inbox.answer = "451 try later"
    await all_sent(ways)
    waiting = await state_of(ways, email)
    assert (waiting["state"], waiting["attempts"]) == ("queued", 1)
    assert "451" in waiting["problem"]
    inbox.answer = "250 OK"
    assert await ways.post.send_due() == 0
    clock.forward(timedelta(minutes=1))
    await all_sent(ways)
    assert (await state_of(ways, email))["state"] == "sent"
    assert [each["To"] for each in inbox.messages].count(email) == 1


async def test_what_the_server_never_wants_is_not_sent_again(sent: tuple[Ways, Inbox]) -> None:
    ways, inbox = sent
    email = f"hugo@{ways.world.alice.tenant.slug}.example"
    await ways.invited(ways.world.alice, email)
    inbox.answer = "550 no such mailbox"
    await all_sent(ways)
    failed = await state_of(ways, email)
    assert (failed["state"], failed["sealed"]) == ("failed", None)


async def test_a_letter_is_given_up_after_two_days(world: World, clock: MovableClock) -> None:
    async def away(mail: Any) -> None:
        raise NotDelivered("away")

    ways = Ways(world, clock, away)
    email = f"ines@{world.alice.tenant.slug}.example"
    await ways.invited(world.alice, email)
    await all_sent(ways)
    clock.forward(GIVEN_UP_AFTER)
    await all_sent(ways)
    assert (await state_of(ways, email))["state"] == "failed"


async def test_two_who_carry_do_not_carry_the_same_letter(world: World, clock: MovableClock) -> None:
    carried: list[str] = []

    async def slowly(mail: Any) -> None:
        carried.append(mail.letter.to)
        await asyncio.sleep(0.05)

    one, two = Ways(world, clock, slowly), Ways(world, clock, slowly)
    email = f"jan@{world.alice.tenant.slug}.example"
    await one.invited(world.alice, email)
    await asyncio.gather(one.post.send_due(), two.post.send_due())
    assert carried.count(email) == 1


async def test_a_letter_whose_carrier_died_is_carried_by_the_next(world: World, clock: MovableClock) -> None:
    async def dies(mail: Any) -> None:
        raise KeyboardInterrupt

    carried: list[str] = []

    async def carries(mail: Any) -> None:
        carried.append(mail.letter.to)

    await all_sent(Ways(world, clock, carries))  # what other tests left
    email = f"kim@{world.alice.tenant.slug}.example"
    dying, next_one = Ways(world, clock, dies), Ways(world, clock, carries)
    await dying.invited(world.alice, email)
    with pytest.raises(KeyboardInterrupt):
        await dying.post.send_due()
    await next_one.post.send_due()
    assert email not in carried
    clock.forward(LEASE)
    await next_one.post.send_due()
    assert carried.count(email) == 1


async def test_where_nothing_would_arrive_it_is_said(world: World, clock: MovableClock) -> None:
    ways = Ways(world, clock, None, keeps=False)
    with pytest.raises(Refused) as refused:
        await ways.invited(world.alice, "lea@example.com")
    assert refused.value.refusal.code == "no_mail"


async def test_an_address_is_one_address(sent: tuple[Ways, Inbox]) -> None:
    ways, inbox = sent
    alice = ways.world.alice
    async with ways.work(alice) as work:
        await ways.post.write(work, Letter("reset", "a@x.example,b@y.example", "en", {"company": "x", "slug": "x", "link": "x"}))
    await all_sent(ways)
    assert (await state_of(ways, "a@x.example,b@y.example"))["state"] == "failed"
    assert all("y.example" not in each["To"] for each in inbox.messages)


async def test_a_server_that_is_not_there_is_no_reason_to_give_up() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    message = EmailMessage()
    message["From"], message["To"] = SENDER, "m@example.com"
    with pytest.raises(NotDelivered):
        await Smtp(f"smtp://127.0.0.1:{port}").send(message)


async def test_credentials_never_travel_in_the_open(inbox: tuple[Inbox, str]) -> None:
    """The server offers no STARTTLS: with a password in the address nothing is sent at all."""
    server, url = inbox
    message = EmailMessage()
    message["From"], message["To"] = SENDER, "n@example.com"
    message.set_content("text")
    with pytest.raises((NotDelivered, Undeliverable)):
        await Smtp(url.replace("smtp://", "smtp://name:password@")).send(message)
    assert server.messages == []
