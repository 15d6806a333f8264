"""Signing up: a company is asked for, its founder's e-mail is proven by a link, and only then is it founded.

The password is chosen behind the link. Chosen before it, somebody could sign up with another's e-mail and a password of their
own, and own what the other believes to be theirs.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from db.tenancy import set_tenant
from events.unit_of_work import UnitOfWork, unit_of_work
from kit.clock import Clock, from_us
from kit.errors import refuse, unless
from tenants import store
from tenants.credentials import fingerprint, new_ticket
from tenants.domain import SYSTEM, Actor, Role, Tenant, company_refusal, email_refusal, normal_email
from tenants.entry_store import NOBODYS, sign_ups
from tenants.mails import Letter, Post
from tenants.messages import NewCompany, NewUser
from tenants.service import People, Prepare

GOOD_FOR = timedelta(days=1)
PLAN = "starter"
"""What a company starts with."""


@dataclass(frozen=True, slots=True)
class NewSignUp:
    """A company that somebody wants, and who they are."""

    name: str
    slug: str
    time_zone: str
    language: str
    currency: str
    person: str
    email: str


@dataclass(frozen=True, slots=True)
class SignUps:
    """Companies on their way to being founded. `is_open`: whether anybody may ask for one."""

    engine: AsyncEngine
    people: People
    clock: Clock
    post: Post
    is_open: bool = True

    async def ask(self, new: NewSignUp) -> None:
        """Send a link to the e-mail. Refuses a slug that is taken; whose e-mail it is plays no part, so nothing is told about it."""
        self.must_be_open()
        self.post.must_work()
        email = normal_email(new.email)
        unless(company_refusal(new.slug, new.name, new.time_zone, new.language, new.currency))
        unless(email_refusal(email))
        if not new.person.strip():
            raise refuse("value_missing", {"field": "person"})
        if not await self.is_free(new.slug):
            raise refuse("slug_taken", {"field": "slug", "slug": new.slug})
        await self._send(replace(new, email=email))

    def must_be_open(self) -> None:
        """Refuse where companies are founded by hand only."""
        if not self.is_open:
            raise refuse("sign_up_closed")

    async def is_free(self, slug: str) -> bool:
        """Whether no company has this slug. It stands in public addresses, so telling gives nothing away."""
        async with self.engine.begin() as connection:
            return await store.enter(connection, slug) is None

    async def look(self, link: str) -> NewSignUp:
        """What a link was sent for. Refuses with `link_spent`."""
        async with self.engine.begin() as connection:
            await set_tenant(connection, NOBODYS)
            row = await _waiting(connection, link, self._now())
        return NewSignUp(row.name, row.slug, row.time_zone, row.language, row.currency, row.person, row.email)

    async def found(self, link: str, slug: str, password: str, prepare: Prepare) -> tuple[Tenant, Actor]:
        """The company, with whoever asked for it as its admin. The link is spent with it; `slug` may be another than was asked for."""
        asked = await self.look(link)

        async def spend(work: UnitOfWork) -> None:
            await prepare(work)
            await set_tenant(work.connection, NOBODYS)
            spent = await work.connection.execute(delete(sign_ups).where(*_of(link)))
            if not spent.rowcount:
                raise refuse("link_spent")
            await set_tenant(work.connection, work.tenant_id)

        company = NewCompany(slug, asked.name, asked.time_zone, asked.language, asked.currency, PLAN)
        return await self.people.found(company, NewUser(asked.person, asked.email, password, Role.ADMIN), spend)

    async def _send(self, new: NewSignUp) -> None:
        link, now = new_ticket(), self._now()
        values = {
            "tenant_id": NOBODYS,
            "token_hash": link.hash,
            "email": new.email,
            "person": new.person.strip(),
            "slug": new.slug,
            "name": new.name.strip(),
            "time_zone": new.time_zone,
            "language": new.language,
            "currency": new.currency,
            "expires_at": now + GOOD_FOR,
        }
        async with unit_of_work(self.engine, NOBODYS, SYSTEM.principal_id, SYSTEM.role) as work:
            await work.connection.execute(delete(sign_ups).where(sign_ups.c.tenant_id == NOBODYS, sign_ups.c.expires_at <= now))
            await work.connection.execute(insert(sign_ups).values(values))
            await self.post.write(work, Letter("sign_up", new.email, new.language, {"company": new.name.strip(), "link": link.text}))

    def _now(self) -> datetime:
        return from_us(self.clock())


def _of(link: str) -> tuple[Any, Any]:
    return sign_ups.c.tenant_id == NOBODYS, sign_ups.c.token_hash == fingerprint(link)


async def _waiting(connection: AsyncConnection, link: str, now: datetime) -> Row[Any]:
    row = (await connection.execute(select(sign_ups).where(*_of(link), sign_ups.c.expires_at > now))).one_or_none()
    if row is None:
        raise refuse("link_spent")
    return row
