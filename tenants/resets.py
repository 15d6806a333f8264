"""A forgotten password: a link by e-mail, good once and for half an hour. Whoever asks learns nothing about who is here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from events.unit_of_work import unit_of_work
from kit.clock import Clock, from_us
from kit.errors import refuse, unless
from tenants import sso_store, store
from tenants.callers import Callers
from tenants.credentials import Passwords, fingerprint, new_link, slug_of_link
from tenants.domain import Tenant, normal_email, password_refusal
from tenants.entry_store import resets
from tenants.mails import Letter, Post
from tenants.persons import change_user
from tenants.sessions import end_sessions

GOOD_FOR = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Resets:
    """Links to a new password."""

    engine: AsyncEngine
    passwords: Passwords
    callers: Callers
    clock: Clock
    post: Post

    async def ask(self, slug: str, email: str) -> None:
        """Send a link if there is such a person; otherwise nothing, and nobody is told which. The caller keeps the time alike."""
        self.post.must_work()
        async with self.engine.begin() as connection:
            tenant = await store.enter(connection, slug)
            user = await store.user_by_email(connection, tenant.id, normal_email(email)) if tenant else None
        if tenant is not None and user is not None and user.disabled_at is None:
            await self._send(tenant, user)

    async def look(self, link: str) -> str:
        """The slug of the company that a link belongs to. Refuses with `link_spent` whatever is wrong with it."""
        async with self.engine.begin() as connection:
            tenant, _user = await self._by_link(connection, link)
        return tenant.slug

    async def use(self, link: str, password: str) -> str:
        """A new password; all sessions and other links of the person end. Returns the company's slug: they sign in as always."""
        unless(password_refusal(password))
        async with self.engine.begin() as connection:
            tenant, user = await self._by_link(connection, link)
            if await sso_store.passwords_are_off(connection, tenant.id):
                raise refuse("passwords_off")
        password_hash = await self.passwords.hash(password)
        principal_id = user.actor.principal_id
        async with unit_of_work(self.engine, tenant.id, principal_id, user.actor.role) as work:
            spent = await work.connection.execute(
                delete(resets).where(resets.c.tenant_id == tenant.id, resets.c.token_hash == fingerprint(link))
            )
            if not spent.rowcount:
                raise refuse("link_spent")
            await work.connection.execute(delete(resets).where(resets.c.tenant_id == tenant.id, resets.c.principal_id == principal_id))
            await change_user(work, principal_id, password_hash=password_hash)
            await end_sessions(work, principal_id)
            await self.post.write(work, Letter("password_changed", user.email, user.actor.language or tenant.language, _facts(tenant)))
            await work.record("user_password_changed", str(principal_id), by="reset")
        self.callers.forget(tenant.id, principal_id)
        return tenant.slug

    async def _send(self, tenant: Tenant, user: store.UserRow) -> None:
        link, now, principal_id = new_link(tenant.slug), self._now(), user.actor.principal_id
        async with unit_of_work(self.engine, tenant.id, principal_id, user.actor.role) as work:
            await work.connection.execute(delete(resets).where(resets.c.tenant_id == tenant.id, resets.c.expires_at <= now))
            await work.connection.execute(
                insert(resets).values(tenant_id=tenant.id, token_hash=link.hash, principal_id=principal_id, expires_at=now + GOOD_FOR)
            )
            facts = _facts(tenant) | {"link": link.text}
            await self.post.write(work, Letter("reset", user.email, user.actor.language or tenant.language, facts))
            await work.record("password_reset_asked", str(principal_id))

    async def _by_link(self, connection: AsyncConnection, link: str) -> tuple[Tenant, store.UserRow]:
        slug = slug_of_link(link)
        tenant = await store.enter(connection, slug) if slug else None
        if tenant is None:
            raise refuse("link_spent")
        query = select(resets).where(
            resets.c.tenant_id == tenant.id, resets.c.token_hash == fingerprint(link), resets.c.expires_at > self._now()
        )
        row = (await connection.execute(query)).one_or_none()
        user = await store.user_by_id(connection, tenant.id, row.principal_id) if row else None
        if user is None or user.disabled_at is not None:
            raise refuse("link_spent")
        return tenant, user

    def _now(self) -> datetime:
        return from_us(self.clock())


def _facts(tenant: Tenant) -> dict[str, str]:
    return {"company": tenant.name, "slug": tenant.slug}
