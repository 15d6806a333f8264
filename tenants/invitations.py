"""Inviting people by e-mail: an admin says who and as what, the letter's link lets that person in, once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from events.unit_of_work import UnitOfWork, unit_of_work
from kit.clock import Clock, from_us
from kit.errors import refuse, unless
from tenants import sso_store, store
from tenants.credentials import Passwords, fingerprint, new_link, slug_of_link
from tenants.domain import LANGUAGES, SYSTEM, Actor, Role, Tenant, email_refusal, normal_email, role_refusal
from tenants.entry_store import invitations
from tenants.mails import Letter, Post
from tenants.messages import NewUser
from tenants.persons import add_user, checked, permit
from tenants.service import MayAdd

GOOD_FOR = timedelta(days=7)
INVITED, ACCEPTED, REVOKED, EXPIRED = "open", "accepted", "revoked", "expired"


@dataclass(frozen=True, slots=True)
class NewInvitation:
    """Who is wanted as what. `warehouses` (id -> code): the only ones they will see, None for all."""

    email: str
    role: Role
    language: str
    warehouses: Mapping[int, str] | None = None


@dataclass(frozen=True, slots=True)
class Invitation:
    """An invitation in the list, and as the person invited meets it. `warehouses` are ids, None for all."""

    id: int
    email: str
    role: str
    state: str
    warehouses: tuple[int, ...] | None
    language: str
    created_at: datetime
    expires_at: datetime
    invited_by: str


@dataclass(frozen=True, slots=True)
class Invitations:
    """Invitations, and accepting them."""

    engine: AsyncEngine
    passwords: Passwords
    clock: Clock
    post: Post
    may_add: MayAdd

    async def invite(self, work: UnitOfWork, tenant: Tenant, by: Actor, new: NewInvitation) -> Invitation:
        """Send somebody a link. Refuses an e-mail that is here already or has an open invitation."""
        permit(by, "people.write")
        email = normal_email(new.email)
        unless(email_refusal(email))
        unless(role_refusal(new.role))
        if new.warehouses is not None and not new.warehouses:
            raise refuse("value_missing", {"field": "warehouses"})
        if new.language not in LANGUAGES:
            raise refuse("unknown_language", {"field": "language", "language": new.language})
        if await store.user_by_email(work.connection, tenant.id, email) is not None:
            raise refuse("email_taken", {"field": "email", "email": email})
        await self._close_expired(work, email)
        number, link = await self._insert(work, tenant, replace(new, email=email))
        await self._send(work, tenant, email, new.language, link)
        codes = None if new.warehouses is None else sorted(new.warehouses.values())
        await work.record("person_invited", str(number), role=new.role.label, warehouses=codes)
        return await self.one(work.connection, tenant.id, number)

    async def resend(self, work: UnitOfWork, tenant: Tenant, by: Actor, number: int) -> Invitation:
        """A new letter with a new link, good for another week. The link before opens nothing any more."""
        permit(by, "people.write")
        row = await self._open(work, number)
        link, now = new_link(tenant.slug), self._now()
        await _change(work, number, token_hash=link.hash, expires_at=now + GOOD_FOR)
        await self._send(work, tenant, row.email, row.language, link.text)
        await work.record("invitation_resent", str(number))
        return await self.one(work.connection, tenant.id, number)

    async def revoke(self, work: UnitOfWork, tenant: Tenant, by: Actor, number: int) -> Invitation:
        """The link opens nothing any more."""
        permit(by, "people.write")
        await self._open(work, number)
        await _change(work, number, revoked_at=self._now())
        await work.record("invitation_revoked", str(number))
        return await self.one(work.connection, tenant.id, number)

    async def look(self, link: str) -> tuple[Tenant, Invitation]:
        """What a link invites to. Refuses with `link_spent` whatever is wrong with it."""
        async with self.engine.begin() as connection:
            tenant, row = await self._by_link(connection, link)
        return tenant, self._shown(row)

    async def accept(self, link: str, name: str, password: str) -> tuple[Tenant, Actor]:
        """The person comes in with a name and a password of their own. Refuses a spent link and more people than the plan has."""
        async with self.engine.begin() as connection:
            tenant, row = await self._by_link(connection, link)
            if await sso_store.passwords_are_off(connection, tenant.id):
                raise refuse("passwords_off")
        new = NewUser(name, row.email, password, Role(row.role))
        email = checked(new)
        password_hash = await self.passwords.hash(password)
        try:
            async with unit_of_work(self.engine, tenant.id, SYSTEM.principal_id, SYSTEM.role) as work:
                tenant, row = await self._by_link(work.connection, link, lock=True)
                unless(self.may_add(tenant.plan, "users", await store.users_counted(work.connection, tenant.id)))
                actor = await add_user(work, new, email, password_hash, row.language)
                await store.grant_warehouses(work.connection, tenant.id, actor.principal_id, row.warehouses or ())
                await _change(work, row.id, accepted_at=self._now())
                theirs = replace(work, principal_id=actor.principal_id, role=actor.role)
                await theirs.record("invitation_accepted", str(row.id), role=actor.role.label)
        except IntegrityError as problem:
            if "uq_users_tenant_id_email" not in str(problem.orig):
                raise
            raise refuse("email_taken", {"field": "email", "email": email}) from problem
        limited = frozenset(row.warehouses) if row.warehouses else None
        return tenant, replace(actor, warehouses=limited)

    async def listed(self, connection: AsyncConnection, tenant_id: int) -> list[Invitation]:
        """All invitations that did not lead to a person yet, newest first."""
        query = _query(tenant_id).where(invitations.c.accepted_at.is_(None)).order_by(invitations.c.id.desc())
        return [self._shown(row) for row in await connection.execute(query)]

    async def one(self, connection: AsyncConnection, tenant_id: int, number: int) -> Invitation:
        """The invitation with this number. Refuses with `not_found`."""
        row = (await connection.execute(_query(tenant_id).where(invitations.c.id == number))).one_or_none()
        if row is None:
            raise refuse("not_found")
        return self._shown(row)

    async def _insert(self, work: UnitOfWork, tenant: Tenant, new: NewInvitation) -> tuple[int, str]:
        link, now = new_link(tenant.slug), self._now()
        values = {
            "tenant_id": tenant.id,
            "email": new.email,
            "role": int(new.role),
            "warehouses": None if new.warehouses is None else sorted(new.warehouses),
            "language": new.language,
            "token_hash": link.hash,
            "invited_by": work.principal_id,
            "created_at": now,
            "expires_at": now + GOOD_FOR,
        }
        try:
            async with work.connection.begin_nested():
                made = await work.connection.execute(insert(invitations).values(values).returning(invitations.c.id))
        except IntegrityError as problem:
            if "uq_invitations_open" not in str(problem.orig):
                raise
            raise refuse("already_invited", {"field": "email", "email": new.email}) from problem
        return int(made.scalar_one()), link.text

    async def _close_expired(self, work: UnitOfWork, email: str) -> None:
        """One that ran out stands in nobody's way."""
        table = invitations
        ran_out = (table.c.tenant_id == work.tenant_id) & (table.c.email == email) & (table.c.expires_at <= self._now())
        still = table.c.accepted_at.is_(None) & table.c.revoked_at.is_(None)
        await work.connection.execute(update(table).where(ran_out, still).values(revoked_at=self._now()))

    async def _send(self, work: UnitOfWork, tenant: Tenant, email: str, language: str, link: str) -> None:
        await self.post.write(work, Letter("invitation", email, language, {"company": tenant.name, "slug": tenant.slug, "link": link}))

    async def _open(self, work: UnitOfWork, number: int) -> Row[Any]:
        table = invitations
        query = select(table).where(table.c.tenant_id == work.tenant_id, table.c.id == number).with_for_update()
        row = (await work.connection.execute(query)).one_or_none()
        if row is None:
            raise refuse("not_found")
        if row.accepted_at is not None or row.revoked_at is not None:
            raise refuse("invitation_closed")
        return row

    async def _by_link(self, connection: AsyncConnection, link: str, *, lock: bool = False) -> tuple[Tenant, Row[Any]]:
        slug = slug_of_link(link)
        tenant = await store.enter(connection, slug) if slug else None
        if tenant is None:
            raise refuse("link_spent")
        query = _query(tenant.id).where(invitations.c.token_hash == fingerprint(link))
        row = (await connection.execute(query.with_for_update(of=invitations) if lock else query)).one_or_none()
        if row is None or self._state(row) != INVITED:
            raise refuse("link_spent")
        return tenant, row

    def _state(self, row: Row[Any]) -> str:
        if row.accepted_at is not None:
            return ACCEPTED
        if row.revoked_at is not None:
            return REVOKED
        return EXPIRED if row.expires_at <= self._now() else INVITED

    def _shown(self, row: Row[Any]) -> Invitation:
        warehouses = None if row.warehouses is None else tuple(row.warehouses)
        role = Role(row.role).label
        return Invitation(row.id, row.email, role, self._state(row), warehouses, row.language, row.created_at, row.expires_at, row.inviter)

    def _now(self) -> datetime:
        return from_us(self.clock())


def _query(tenant_id: int) -> Any:
    by = (store.principals.c.tenant_id == invitations.c.tenant_id) & (store.principals.c.id == invitations.c.invited_by)
    found = select(invitations, store.principals.c.label.label("inviter")).join(store.principals, by)
    return found.where(invitations.c.tenant_id == tenant_id)


async def _change(work: UnitOfWork, number: int, **values: object) -> None:
    await work.connection.execute(
        update(invitations).where(invitations.c.tenant_id == work.tenant_id, invitations.c.id == number).values(values)
    )
