"""Letters: written with their cause in one transaction, sent afterwards, at least once, under an id that never changes.

What a letter says is sealed while it waits and gone once it was sent: it holds links that open doors.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from db.tenancy import set_tenant
from events.unit_of_work import UnitOfWork
from kit.clock import Clock, from_us
from kit.errors import refuse
from kit.ids import token
from tenants.entry_store import mails
from tenants.seal import Seal, SealBroken

LEASE = timedelta(minutes=5)
"""How long a letter is left to whoever took it. A process that died with it is found out by this; SMTP itself waits for one."""
RESTS = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15), timedelta(hours=1), timedelta(hours=4))
"""Between attempts; the last one again and again."""
GIVEN_UP_AFTER = timedelta(days=2)
ROUND_MAX = 50
PROBLEM_LENGTH_MAX = 200

log = structlog.get_logger("tenants")

_ON_THE_ROUND = text("SELECT set_config('app.post', 'round', true)")


@dataclass(frozen=True, slots=True)
class Letter:
    """What is to be told to whom: `kind` names the template, `facts` fill it."""

    kind: str
    to: str
    language: str
    facts: dict[str, str]


@dataclass(frozen=True, slots=True)
class Mail:
    """A letter as it lies in the outbox. `letter` has no facts any more once it was sent."""

    tenant_id: int
    id: int
    message_id: str
    letter: Letter
    state: str
    attempts: int
    created_at: datetime


class Undeliverable(Exception):
    """The other side does not want this letter, and never will."""


class NotDelivered(Exception):
    """It did not work out this time."""


Deliver = Callable[[Mail], Awaitable[None]]
"""Puts a letter into words and hands it over. Raises Undeliverable or NotDelivered."""


class Post:
    """The outbox. Without `deliver` letters stay in it; `keeps` says that this is meant, so writing them is no mistake."""

    def __init__(self, engine: AsyncEngine, clock: Clock, seal: Seal, deliver: Deliver | None = None, keeps: bool = True) -> None:
        self._engine = engine
        self._clock = clock
        self._seal = seal
        self._deliver = deliver
        self._keeps = keeps
        self.written: Callable[[], None] = lambda: None
        """Called when a letter was committed: whoever carries letters looks at once."""

    def must_work(self) -> None:
        """Refuse what needs a letter where none would ever arrive."""
        if self._deliver is None and not self._keeps:
            raise refuse("no_mail")

    async def write(self, work: UnitOfWork, letter: Letter) -> None:
        """Put a letter into the outbox, with the work that causes it or not at all."""
        self.must_work()
        now = from_us(self._clock())
        message_id = token(18)
        await work.connection.execute(
            insert(mails).values(
                tenant_id=work.tenant_id,
                message_id=message_id,
                recipient=letter.to,
                kind=letter.kind,
                language=letter.language,
                sealed=self._seal.close(json.dumps(letter.facts), work.tenant_id, "mail", message_id),
                due_at=now,
                created_at=now,
            )
        )
        work.after.append(self.written)

    async def send_due(self) -> int:
        """Send what is due, of all companies; how many letters went. May be called by anybody at any time, also by several."""
        if self._deliver is None:
            return 0
        sent = 0
        for tenant_id, mail_id in await self._due():
            mail = await self._take(tenant_id, mail_id)
            sent += mail is not None and await self._carry(mail, self._deliver)
        return sent

    async def outbox(self, count: int = ROUND_MAX) -> list[Mail]:
        """The latest letters of all companies: for the page that stands in for a mail server in development."""
        async with self._engine.begin() as connection:
            await connection.execute(_ON_THE_ROUND)
            rows = await connection.execute(select(mails).order_by(mails.c.created_at.desc(), mails.c.id.desc()).limit(count))
            return [self._mail(row) for row in rows]

    async def _due(self) -> list[tuple[int, int]]:
        now = from_us(self._clock())
        query = select(mails.c.tenant_id, mails.c.id).where(mails.c.state == "queued", mails.c.due_at <= now)
        async with self._engine.begin() as connection:
            await connection.execute(_ON_THE_ROUND)
            return [(row.tenant_id, row.id) for row in await connection.execute(query.order_by(mails.c.due_at).limit(ROUND_MAX))]

    async def _take(self, tenant_id: int, mail_id: int) -> Mail | None:
        """The letter, and some time for it alone; None when somebody else has it."""
        now = from_us(self._clock())
        taken = (
            update(mails)
            .where(mails.c.tenant_id == tenant_id, mails.c.id == mail_id, mails.c.state == "queued", mails.c.due_at <= now)
            .values(attempts=mails.c.attempts + 1, due_at=now + LEASE)
            .returning(mails)
        )
        async with self._engine.begin() as connection:
            await set_tenant(connection, tenant_id)
            row = (await connection.execute(taken)).one_or_none()
        return self._mail(row) if row else None

    async def _carry(self, mail: Mail, deliver: Deliver) -> bool:
        try:
            if not mail.letter.facts:
                raise Undeliverable("it was sealed under another ONHAND_SECRET")
            await deliver(mail)
        except Undeliverable as problem:
            await self._note(mail, state="failed", sealed=None, problem=str(problem)[:PROBLEM_LENGTH_MAX])
            log.warning("mail_refused", tenant=mail.tenant_id, mail=mail.id, kind=mail.letter.kind)
            return False
        except NotDelivered as problem:
            await self._put_off(mail, str(problem)[:PROBLEM_LENGTH_MAX])
            return False
        await self._note(mail, state="sent", sealed=None, problem=None, sent_at=from_us(self._clock()))
        return True

    async def _put_off(self, mail: Mail, problem: str) -> None:
        now = from_us(self._clock())
        rest = RESTS[min(mail.attempts, len(RESTS)) - 1]
        late = now + rest > mail.created_at + GIVEN_UP_AFTER
        await self._note(mail, problem=problem, **({"state": "failed", "sealed": None} if late else {"due_at": now + rest}))
        log.warning("mail_not_sent", tenant=mail.tenant_id, mail=mail.id, attempts=mail.attempts, problem=problem, given_up=late)

    async def _note(self, mail: Mail, **values: object) -> None:
        async with self._engine.begin() as connection:
            await _change(connection, mail, values)

    def _mail(self, row: object) -> Mail:
        found = dict(row._mapping)  # type: ignore[attr-defined]
        letter = Letter(found["kind"], found["recipient"], found["language"], self._facts(found))
        return Mail(found["tenant_id"], found["id"], found["message_id"], letter, found["state"], found["attempts"], found["created_at"])

    def _facts(self, found: dict[str, object]) -> dict[str, str]:
        if found["sealed"] is None:
            return {}
        try:
            facts: dict[str, str] = json.loads(self._seal.open(found["sealed"], found["tenant_id"], "mail", found["message_id"]))  # type: ignore[arg-type]
        except SealBroken:  # written under another ONHAND_SECRET: it can be read by nobody
            return {}
        return facts


async def _change(connection: AsyncConnection, mail: Mail, values: dict[str, object]) -> None:
    await set_tenant(connection, mail.tenant_id)
    await connection.execute(update(mails).where(mails.c.tenant_id == mail.tenant_id, mails.c.id == mail.id).values(values))
