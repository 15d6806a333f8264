"""One's own account: name and language, password, and the sessions that are open in one's name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from db.tenancy import reading
from events.unit_of_work import UnitOfWork, unit_of_work
from kit.clock import Clock, from_us
from kit.errors import refuse, unless
from tenants import sso_store, store
from tenants.callers import Callers
from tenants.credentials import Passwords
from tenants.domain import LANGUAGES, PASSWORD_LENGTH_MAX, password_refusal
from tenants.mails import Letter, Post
from tenants.messages import Caller, SignedIn, Visitor
from tenants.persons import change_user, person
from tenants.sessions import Sessions, end_sessions


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A session in the list of one's own. `this`: the one that is asking."""

    id: int
    device: str
    address: str
    created_at: datetime
    seen_at: datetime
    this: bool


@dataclass(frozen=True, slots=True)
class Accounts:
    """What people do about themselves. Every verb is about the caller and nobody else."""

    engine: AsyncEngine
    passwords: Passwords
    sessions: Sessions
    callers: Callers
    clock: Clock
    post: Post

    async def describe(self, work: UnitOfWork, caller: Caller, name: str, language: str) -> None:
        """Another name, as ledger and lists show it from now on, and the language one reads in."""
        if not name.strip():
            raise refuse("value_missing", {"field": "name"})
        if language not in LANGUAGES:
            raise refuse("unknown_language", {"field": "language", "language": language})
        await person(work, caller.actor.principal_id)
        table = store.principals
        mine = (table.c.tenant_id == work.tenant_id) & (table.c.id == caller.actor.principal_id)
        await work.connection.execute(update(table).where(mine).values(label=name.strip()))
        await change_user(work, caller.actor.principal_id, language=language)
        if name.strip() != caller.actor.label:
            await work.record("user_renamed", str(caller.actor.principal_id))
        self._forget_after(work, caller)

    async def change_password(self, caller: Caller, old: str, new: str, visitor: Visitor) -> SignedIn:
        """A new password, for who knows the old one. All sessions end, and a new one begins here."""
        unless(password_refusal(new))
        async with reading(self.engine, caller.tenant.id) as connection:
            if await sso_store.passwords_are_off(connection, caller.tenant.id):
                raise refuse("passwords_off")
            user = await store.user_by_id(connection, caller.tenant.id, caller.actor.principal_id)
        fits = await self.passwords.matches(old[:PASSWORD_LENGTH_MAX], user.password_hash if user else None)
        if user is None or not fits:
            raise refuse("wrong_password", {"field": "old"})
        password_hash = await self.passwords.hash(new)
        async with unit_of_work(self.engine, caller.tenant.id, caller.actor.principal_id, caller.actor.role) as work:
            await change_user(work, caller.actor.principal_id, password_hash=password_hash)
            await end_sessions(work, caller.actor.principal_id)
            facts = {"company": caller.tenant.name, "slug": caller.tenant.slug}
            await self.post.write(work, Letter("password_changed", user.email, user.actor.language or caller.tenant.language, facts))
            await work.record("user_password_changed", str(caller.actor.principal_id))
            self._forget_after(work, caller)
        return await self.sessions.open(caller.tenant, caller.actor, visitor)

    async def open_sessions(self, connection: AsyncConnection, caller: Caller) -> list[OpenSession]:
        """One's sessions that may still be used, the one used last first."""
        table, now, chosen = store.sessions, from_us(self.clock()), caller.tenant.settings
        query = select(table).where(
            table.c.tenant_id == caller.tenant.id,
            table.c.principal_id == caller.actor.principal_id,
            table.c.expires_at > now,
            table.c.created_at > now - chosen.session_longest,
            table.c.seen_at > now - chosen.session_idle,
        )
        rows = await connection.execute(query.order_by(table.c.seen_at.desc(), table.c.id.desc()))
        return [
            OpenSession(row.id, row.device, row.address, row.created_at, row.seen_at, bytes(row.token_hash) == caller.proof) for row in rows
        ]

    async def end_session(self, work: UnitOfWork, caller: Caller, number: int) -> None:
        """End one of one's own sessions."""
        ended = await work.connection.execute(delete(store.sessions).where(*_mine(caller), store.sessions.c.id == number))
        if not ended.rowcount:
            raise refuse("not_found")
        await work.record("session_ended", str(caller.actor.principal_id))
        self._forget_after(work, caller)

    async def end_others(self, work: UnitOfWork, caller: Caller) -> int:
        """End all of one's sessions but the one that asks; how many."""
        ended = await work.connection.execute(delete(store.sessions).where(*_mine(caller), store.sessions.c.token_hash != caller.proof))
        await work.record("sessions_ended", str(caller.actor.principal_id), count=ended.rowcount)
        self._forget_after(work, caller)
        return int(ended.rowcount)

    def _forget_after(self, work: UnitOfWork, caller: Caller) -> None:
        work.after.append(lambda: self.callers.forget(caller.tenant.id, caller.actor.principal_id))


def _mine(caller: Caller) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    table = store.sessions
    return table.c.tenant_id == caller.tenant.id, table.c.principal_id == caller.actor.principal_id
