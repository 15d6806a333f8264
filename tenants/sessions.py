"""Signing in and out, and tickets for connections that cannot carry a header."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, delete, or_, update
from sqlalchemy.ext.asyncio import AsyncEngine

from events.unit_of_work import UnitOfWork, unit_of_work
from kit.clock import Clock, from_us
from kit.errors import refuse
from tenants import sso_store, store
from tenants.callers import Callers
from tenants.credentials import Passwords, fingerprint, new_session, new_ticket, slug_of_session
from tenants.domain import PASSWORD_LENGTH_MAX, SESSION_IDLE, SESSION_LONGEST, TICKET_LIFE, Actor, Role, Tenant, normal_email
from tenants.messages import Caller, SignedIn, SignIn


@dataclass(frozen=True, slots=True)
class Sessions:
    """Sessions and tickets of people who showed who they are."""

    engine: AsyncEngine
    passwords: Passwords
    callers: Callers
    clock: Clock

    async def sign_in(self, attempt: SignIn) -> SignedIn:
        """A fresh session. Refuses with `wrong_credentials` whichever part was wrong, after the same work."""
        async with self.engine.begin() as connection:
            tenant = await store.enter(connection, attempt.slug)
            user = await store.user_by_email(connection, tenant.id, normal_email(attempt.email)) if tenant else None
            off = tenant is not None and await sso_store.passwords_are_off(connection, tenant.id)
        fits = await self.passwords.matches(attempt.password[:PASSWORD_LENGTH_MAX], user.password_hash if user else None)
        if tenant is None or user is None or not fits or user.disabled_at is not None or user.actor.role is Role.SYSTEM:
            # That passwords are off is said to everybody alike: the door of the company shows it anyway.
            raise refuse("passwords_off" if off else "wrong_credentials")
        if off:
            raise refuse("passwords_off")
        rehashed = await self._rehash(attempt.password, user.password_hash)
        return await self.open(tenant, user.actor, attempt.cookie, rehashed)

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
        self.callers.forget(tenant.id, session.principal_id)
        return str(session.via)

    async def ticket(self, caller: Caller) -> str:
        """A ticket for one connection, good for half a minute."""
        now, secret, table = self._now(), new_ticket(), store.live_tickets
        async with unit_of_work(self.engine, caller.tenant.id, caller.actor.principal_id, caller.actor.role) as work:
            await work.connection.execute(delete(table).where(table.c.tenant_id == caller.tenant.id, table.c.expires_at < now))
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

    async def _rehash(self, password: str, stored: str | None) -> str | None:
        return await self.passwords.hash(password) if stored and self.passwords.is_outdated(stored) else None

    async def open(
        self, tenant: Tenant, actor: Actor, old_cookie: str | None, rehashed: str | None = None, via: str = "password"
    ) -> SignedIn:
        """A session of somebody who showed who they are: a new token each time, so one planted before (fixation) opens nothing."""
        secret, now, table = new_session(tenant.slug), self._now(), store.sessions
        stale: ColumnElement[bool] = or_(
            table.c.token_hash == fingerprint(old_cookie or ""), table.c.expires_at <= now, table.c.seen_at <= now - SESSION_IDLE
        )
        async with unit_of_work(self.engine, tenant.id, actor.principal_id, actor.role) as work:
            await work.connection.execute(delete(table).where(table.c.tenant_id == tenant.id, stale))
            await work.connection.execute(
                table.insert().values(
                    tenant_id=tenant.id,
                    token_hash=secret.hash,
                    principal_id=actor.principal_id,
                    created_at=now,
                    seen_at=now,
                    expires_at=now + SESSION_LONGEST,
                    via=via,
                )
            )
            if rehashed:
                await _keep_hash(work, actor.principal_id, rehashed)
            await work.record("signed_in", actor.label, via=via)
        self.callers.forget(tenant.id, actor.principal_id)
        return SignedIn(Caller(tenant, actor, secret.hash), secret.text)

    def _now(self) -> datetime:
        return from_us(self.clock())


async def end_sessions(work: UnitOfWork, principal_id: int) -> None:
    """Part of whatever changes a person's rights: all their sessions end with the same transaction."""
    table = store.sessions
    await work.connection.execute(delete(table).where(table.c.tenant_id == work.tenant_id, table.c.principal_id == principal_id))


async def _keep_hash(work: UnitOfWork, principal_id: int, password_hash: str) -> None:
    table = store.users
    await work.connection.execute(
        update(table).where(table.c.tenant_id == work.tenant_id, table.c.principal_id == principal_id).values(password_hash=password_hash)
    )
