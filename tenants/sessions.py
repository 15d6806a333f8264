"""Signing in and out, and tickets for connections that cannot carry a header."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from events import origin
from events.unit_of_work import UnitOfWork, unit_of_work
from kit.clock import Clock, from_us
from kit.errors import refuse
from tenants import sso_store, store
from tenants.callers import Callers
from tenants.credentials import Passwords, fingerprint, new_session, new_ticket, slug_of_session
from tenants.domain import PASSWORD_LENGTH_MAX, SYSTEM, TICKET_LIFE, Actor, Role, Tenant, normal_email
from tenants.entry_store import second_factors
from tenants.messages import Caller, CodeWanted, SignedIn, SignIn, Visitor


@dataclass(frozen=True, slots=True)
class Sessions:
    """Sessions and tickets of people who showed who they are."""

    engine: AsyncEngine
    passwords: Passwords
    callers: Callers
    clock: Clock
    telling: set[asyncio.Task[None]] = field(default_factory=set)
    """Facts about failures that are being written."""

    async def sign_in(self, attempt: SignIn) -> SignedIn | CodeWanted:
        """A fresh session, or word that a code is wanted first. Refuses with `wrong_credentials` whichever part was wrong, after the
        same work."""
        async with self.engine.begin() as connection:
            tenant = await store.enter(connection, attempt.slug)
            user = await store.user_by_email(connection, tenant.id, normal_email(attempt.email)) if tenant else None
            second = tenant is not None and user is not None and await has_second_factor(connection, tenant.id, user.actor.principal_id)
            off = tenant is not None and await sso_store.passwords_are_off(connection, tenant.id)
        fits = await self.passwords.matches(attempt.password[:PASSWORD_LENGTH_MAX], user.password_hash if user else None)
        if tenant is None or user is None or not fits or user.disabled_at is not None or user.actor.role is Role.SYSTEM:
            self._tell_failure(tenant, user)
            # That passwords are off is said to everybody alike: the door of the company shows it anyway.
            raise refuse("passwords_off" if off else "wrong_credentials")
        if off:
            raise refuse("passwords_off")
        if second:
            return CodeWanted(tenant.slug, user.actor.principal_id, stamp_of(user))
        rehashed = await self._rehash(attempt.password, user.password_hash)
        return await self.open(tenant, user.actor, attempt.visitor, rehashed)

    async def sign_out(self, cookie: str) -> str | None:
        """End the session of this cookie, if it is one; how it had begun (`password` or `sso`)."""
        slug = slug_of_session(cookie)
        async with self.engine.begin() as connection:
            tenant = await store.enter(connection, slug) if slug else None
            if tenant is None:
                return None
            table = store.sessions
            ended = await connection.execute(
                delete(table)
                .where(table.c.tenant_id == tenant.id, table.c.token_hash == fingerprint(cookie))
                .returning(table.c.principal_id, table.c.via)
            )
            session = ended.one_or_none()
            if session is None:
                return None
            user = await store.user_by_id(connection, tenant.id, session.principal_id)
            assert user is not None, "sessions are people's"
            await UnitOfWork(connection, tenant.id, session.principal_id, user.actor.role).record("signed_out", str(session.principal_id))
        self.callers.forget(tenant.id, session.principal_id)
        return str(session.via)

    async def ticket(self, caller: Caller) -> str:
        """A ticket for one connection, good for half a minute."""
        now, secret, table = self._now(), new_ticket(), store.live_tickets
        async with unit_of_work(self.engine, caller.tenant.id, caller.actor.principal_id, caller.actor.role) as work:
            await work.connection.execute(
                table.insert().values(
                    tenant_id=caller.tenant.id,
                    ticket_hash=secret.hash,
                    principal_id=caller.actor.principal_id,
                    role=caller.actor.role,
                    expires_at=now + TICKET_LIFE,
                    proof=caller.proof,
                )
            )
        return secret.text

    async def settled(self) -> None:
        """Wait for facts about failures that are still being written: before the process ends."""
        await asyncio.gather(*self.telling, return_exceptions=True)

    def _tell_failure(self, tenant: Tenant | None, user: store.UserRow | None) -> None:
        """Leave a fact about somebody who exists, after the answer: one that waited for it would tell that they do."""
        if tenant is None or user is None:
            return
        task = asyncio.create_task(self._failed(tenant, user))
        self.telling.add(task)
        task.add_done_callback(self.telling.discard)

    async def _failed(self, tenant: Tenant, user: store.UserRow) -> None:
        # Nobody has shown who they are, so it is the system that says so. The address may well be the person's own.
        person = user.actor.principal_id
        async with unit_of_work(self.engine, tenant.id, SYSTEM.principal_id, SYSTEM.role) as work:
            await work.record("sign_in_failed", str(person), caller=person, disabled=user.disabled_at is not None)

    async def _rehash(self, password: str, stored: str | None) -> str | None:
        return await self.passwords.hash(password) if stored and self.passwords.is_outdated(stored) else None

    async def open(self, tenant: Tenant, actor: Actor, visitor: Visitor, rehashed: str | None = None, via: str = "password") -> SignedIn:
        """A session for whoever has shown who they are. A new token each time: one planted before (fixation) opens nothing after."""
        secret, now, table = new_session(tenant.slug), self._now(), store.sessions
        planted = fingerprint(visitor.cookie or "")
        async with unit_of_work(self.engine, tenant.id, actor.principal_id, actor.role) as work:
            await work.connection.execute(delete(table).where(table.c.tenant_id == tenant.id, table.c.token_hash == planted))
            await work.connection.execute(
                table.insert().values(
                    tenant_id=tenant.id,
                    token_hash=secret.hash,
                    principal_id=actor.principal_id,
                    created_at=now,
                    seen_at=now,
                    expires_at=now + tenant.settings.session_longest,
                    device=visitor.device,
                    address=visitor.address,
                    via=via,
                )
            )
            await store.seen(work.connection, tenant.id, actor.principal_id, now)
            if rehashed:
                await _keep_hash(work, actor.principal_id, rehashed)
            origin.arrive(origin.current().address, secret.hash)  # the session that begins here
            await work.record("signed_in", str(actor.principal_id), via=via)
        self.callers.forget(tenant.id, actor.principal_id)
        return SignedIn(Caller(tenant, actor, secret.hash), secret.text)

    def _now(self) -> datetime:
        return from_us(self.clock())


async def has_second_factor(connection: AsyncConnection, tenant_id: int, principal_id: int) -> bool:
    """Whether the person is asked for a code after the password."""
    table = second_factors
    query = select(table.c.confirmed_at).where(table.c.tenant_id == tenant_id, table.c.principal_id == principal_id)
    return (await connection.execute(query)).scalar_one_or_none() is not None


def stamp_of(user: store.UserRow) -> str:
    """Stands for the person's present password without telling anything of it."""
    return fingerprint(user.password_hash or "").hex()[:32]


async def end_sessions(work: UnitOfWork, principal_id: int) -> None:
    """Part of whatever changes a person's rights: all their sessions end with the same transaction."""
    table = store.sessions
    await work.connection.execute(delete(table).where(table.c.tenant_id == work.tenant_id, table.c.principal_id == principal_id))


async def _keep_hash(work: UnitOfWork, principal_id: int, password_hash: str) -> None:
    table = store.users
    await work.connection.execute(
        update(table).where(table.c.tenant_id == work.tenant_id, table.c.principal_id == principal_id).values(password_hash=password_hash)
    )
