"""Letters in words: a template of `templates/mail` in the reader's language becomes a message, as plain text and as plain HTML.

A template's first line is the subject. What follows are paragraphs; one that is nothing but an address becomes the link. A letter
with a table has an HTML template of its own beside the text.
Templates are spelled outside of any request: whoever sends letters has none.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import structlog
from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateError, select_autoescape

from tenants.mails import Deliver, Letter, Mail, Post, Undeliverable
from web.catalogues import catalogue

FOLDER = Path(__file__).parent / "templates"
WAYS = {"sign_up": "/sign-up/", "invitation": "/invitation/", "reset": "/reset/"}
"""Where the link of a letter leads; what opens the door follows it."""
LOOK_EVERY_S = 15.0
"""Between two looks for letters that wait for another attempt, or were written by a process that is gone."""

log = structlog.get_logger("web")


class Transport(Protocol):
    """What carries a message away. Raises `Undeliverable` or `NotDelivered`."""

    async def send(self, message: EmailMessage) -> None: ...


class Worded(NamedTuple):
    """A letter in words."""

    subject: str
    paragraphs: list[str]
    html: str


async def carry(post: Post) -> None:
    """Send letters, for as long as this runs. What one process does not get to, another does."""
    written = asyncio.Event()
    post.written = written.set
    while True:
        written.clear()
        try:
            await post.send_due()
        except Exception as problem:  # the database is away, say: letters wait in it
            log.warning("letters_wait", problem=type(problem).__name__)
        with suppress(TimeoutError):
            await asyncio.wait_for(written.wait(), LOOK_EVERY_S)


def carrier(transport: Transport | None, sender: str, public_url: str) -> Deliver | None:
    """What puts letters into words and hands them to the transport; None where there is none."""
    if transport is None:
        return None

    async def deliver(mail: Mail) -> None:
        await transport.send(message_of(mail, sender, public_url))

    return deliver


def message_of(mail: Mail, sender: str, public_url: str) -> EmailMessage:
    """The message of a letter; the same id each time, so that a second copy can be told from a second letter."""
    said = worded(mail.letter, public_url)
    message = EmailMessage()
    message["From"] = sender
    message["To"] = _recipient(mail.letter.to)
    message["Subject"] = said.subject
    message["Date"] = format_datetime(mail.created_at)
    message["Message-ID"] = f"<{mail.message_id}@{parseaddr(sender)[1].rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message["Content-Language"] = mail.letter.language
    message.set_content("\n\n".join(said.paragraphs) + "\n")
    message.add_alternative(said.html, subtype="html")
    return message


def _recipient(email: str) -> Address:
    """One address and no more: what was typed may hold a comma."""
    try:
        return Address(addr_spec=email)
    except ValueError as problem:
        raise Undeliverable("this is no address that letters can be sent to") from problem


def worded(letter: Letter, public_url: str) -> Worded:
    """A letter in its reader's language. Raises Undeliverable when its facts do not make one."""
    facts: dict[str, Any] = dict(letter.facts)
    if "lines" in facts:
        facts["lines"] = json.loads(facts["lines"])
    if letter.kind in WAYS and "link" in facts:
        facts["link"] = public_url + WAYS[letter.kind] + facts["link"]
    environment = _environment(letter.language)
    try:
        text = environment.get_template(f"mail/{letter.kind}.txt").render(facts, to=letter.to, home=public_url)
    except TemplateError as problem:
        raise Undeliverable(f"the letter {letter.kind} cannot be written") from problem
    subject, _, body = text.strip().partition("\n")
    paragraphs = [each.strip() for each in body.strip().split("\n\n")]
    frame = environment.select_template([f"mail/{letter.kind}.html", "mail/letter.html"])
    html = frame.render(facts, subject=subject, paragraphs=paragraphs, language=letter.language)
    return Worded(" ".join(subject.split()), paragraphs, html)


@cache
def _environment(language: str) -> Environment:
    found = Environment(
        loader=FileSystemLoader(FOLDER),
        # The words are escaped where they become HTML; a plain letter is no markup.
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.install_gettext_translations(catalogue(language), newstyle=True)  # type: ignore[attr-defined]
    return found
