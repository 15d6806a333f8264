"""A second factor: codes of an app that go with the time (TOTP, RFC 6238), and recovery codes for the day the phone is lost."""

from __future__ import annotations

import base64
import hmac
import secrets
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pyotp
from sqlalchemy import Row, delete, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from db.tenancy import reading
from events.unit_of_work import UnitOfWork, unit_of_work
from kit.clock import Clock, from_us
from kit.errors import refuse
from tenants import sso_store, store
from tenants.callers import Callers
from tenants.credentials import Passwords, fingerprint
from tenants.domain import PASSWORD_LENGTH_MAX, Actor, Tenant
from tenants.entry_store import recovery_codes, second_factors
from tenants.mails import Letter, Post
from tenants.messages import Caller, CodeWanted, SignedIn, Visitor
from tenants.persons import permit, person
from tenants.seal import Seal, SealBroken
from tenants.sessions import Sessions, end_sessions, has_second_factor, stamp_of

STEP_S = 30
"""Seconds that a code lives, as every app counts them."""
DRIFT_STEPS = 1
"""How far the phone's clock may be off."""
RECOVERY_CODES = 10
_RECOVERY_OCTETS = 10


@dataclass(frozen=True, slots=True)
class Offer:
    """The seed of codes, for the app: as text and as the address that a QR code holds."""

    secret: str = field(repr=False)
    address: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SecondFactors:
    """Second factors of people."""

    engine: AsyncEngine
    passwords: Passwords
    sessions: Sessions
    callers: Callers
    clock: Clock
    seal: Seal
    post: Post

    async def offer(self, caller: Caller, password: str) -> None:
        """A seed to be put into an app; it counts for nothing before a code of it was shown. Asks for the password: a session that was
        left open must not lock its person out."""
        async with reading(self.engine, caller.tenant.id) as connection:
            if await sso_store.passwords_are_off(connection, caller.tenant.id):
                raise refuse("passwords_off")
            user = await store.user_by_id(connection, caller.tenant.id, caller.actor.principal_id)
        if not await self.passwords.matches(password[:PASSWORD_LENGTH_MAX], user.password_hash if user else None):
            raise refuse("wrong_password", {"field": "password"})
        values = {"sealed": self._sealed(caller, pyotp.random_base32()), "created_at": self._now(), "last_step": 0}
        made = upsert(second_factors).values(tenant_id=caller.tenant.id, principal_id=caller.actor.principal_id, **values)
        made = made.on_conflict_do_update(
            index_elements=["tenant_id", "principal_id"], set_=values, where=second_factors.c.confirmed_at.is_(None)
        )
        async with self._work(caller) as work:
            if not (await work.connection.execute(made)).rowcount:
                raise refuse("second_factor_on")

    async def offered(self, caller: Caller) -> Offer | None:
        """The seed that was offered and not confirmed yet."""
        async with reading(self.engine, caller.tenant.id) as connection:
            row = await _row(connection, caller.tenant.id, caller.actor.principal_id)
            user = await store.user_by_id(connection, caller.tenant.id, caller.actor.principal_id)
        if row is None or user is None or row.confirmed_at is not None:
            return None
        secret = self._opened(caller.tenant.id, caller.actor.principal_id, row.sealed)
        if secret is None:
            return None
        return Offer(secret, pyotp.TOTP(secret).provisioning_uri(name=user.email, issuer_name=f"Onhand {caller.tenant.name}"))

    async def confirm(self, caller: Caller, code: str, visitor: Visitor) -> tuple[list[str], SignedIn]:
        """Ask for codes from now on. The recovery codes are told this once; all sessions end, and a new one begins here."""
        async with self._work(caller) as work:
            row = await _row(work.connection, work.tenant_id, work.principal_id, lock=True)
            if row is None or row.confirmed_at is not None:
                raise refuse("second_factor_on" if row else "second_factor_off")
            await self._take_code(work, row, caller.actor.principal_id, code)
            await _set(work, work.principal_id, confirmed_at=self._now())
            codes = await _new_codes(work, work.principal_id)
            await end_sessions(work, work.principal_id)
            await self._tell(work, caller.tenant, "second_factor_on")
            await work.record("second_factor_added", str(work.principal_id))
        return codes, await self.sessions.open(caller.tenant, caller.actor, visitor)

    async def step_through(self, wanted: CodeWanted, code: str, visitor: Visitor) -> SignedIn:
        """The second step of signing in, by a code of the app or a recovery code, which is then spent."""
        async with self.engine.begin() as connection:
            tenant = await store.enter(connection, wanted.slug)
            user = await store.user_by_id(connection, tenant.id, wanted.principal_id) if tenant else None
            if tenant is not None and await sso_store.passwords_are_off(connection, tenant.id):
                raise refuse("passwords_off")
        if tenant is None or user is None or user.disabled_at is not None or not hmac.compare_digest(stamp_of(user), wanted.stamp):
            raise refuse("sign_in_again")
        async with unit_of_work(self.engine, tenant.id, user.actor.principal_id, user.actor.role) as work:
            row = await _row(work.connection, tenant.id, user.actor.principal_id, lock=True)
            if row is None or row.confirmed_at is None:
                raise refuse("sign_in_again")
            if not await self._take_recovery_code(work, tenant, code):
                await self._take_code(work, row, user.actor.principal_id, code)
        return await self.sessions.open(tenant, user.actor, visitor)

    async def drop(self, caller: Caller, code: str) -> None:
        """Ask for no codes any more. Needs a fresh one."""
        async with self._work(caller) as work:
            await self._confirmed(work, code)
            await _remove(work, work.principal_id)
            await self._tell(work, caller.tenant, "second_factor_off")
            await work.record("second_factor_removed", str(work.principal_id))

    async def renew_codes(self, caller: Caller, code: str) -> list[str]:
        """Other recovery codes, told this once. The ones before open nothing any more."""
        async with self._work(caller) as work:
            await self._confirmed(work, code)
            codes = await _new_codes(work, work.principal_id)
            await work.record("recovery_codes_renewed", str(work.principal_id))
        return codes

    async def take_off(self, work: UnitOfWork, tenant: Tenant, by: Actor, principal_id: int) -> None:
        """Another's second factor is taken off, for whoever lost phone and codes. Their sessions end, and they are told."""
        permit(by, "people.write")
        user = await person(work, principal_id)
        if not await has_second_factor(work.connection, tenant.id, principal_id):
            raise refuse("second_factor_off")
        await _remove(work, principal_id)
        await end_sessions(work, principal_id)
        await self.post.write(work, Letter("second_factor_off", user.email, user.actor.language or tenant.language, _facts(tenant)))
        await work.record("second_factor_reset", str(principal_id))
        work.after.append(lambda: self.callers.forget(tenant.id, principal_id))

    async def _confirmed(self, work: UnitOfWork, code: str) -> None:
        row = await _row(work.connection, work.tenant_id, work.principal_id, lock=True)
        if row is None or row.confirmed_at is None:
            raise refuse("second_factor_off")
        await self._take_code(work, row, work.principal_id, code)

    async def _take_code(self, work: UnitOfWork, row: Row[Any], principal_id: int, code: str) -> None:
        """Take a code of the app. What was shown once, or is of a step before one that was, opens nothing."""
        secret = self._opened(work.tenant_id, principal_id, row.sealed)
        step = matching_step(secret, code, self._now()) if secret else None
        if step is None or step <= row.last_step:
            raise refuse("wrong_code", {"field": "code"})
        await _set(work, principal_id, last_step=step)

    async def _take_recovery_code(self, work: UnitOfWork, tenant: Tenant, code: str) -> bool:
        table = recovery_codes
        mine = (table.c.tenant_id == work.tenant_id) & (table.c.principal_id == work.principal_id)
        spent = await work.connection.execute(delete(table).where(mine, table.c.code_hash == fingerprint(plain_code(code))))
        if not spent.rowcount:
            return False
        left = len((await work.connection.execute(select(table.c.code_hash).where(mine))).all())
        await self._tell(work, tenant, "recovery_code_used", left=str(left))
        await work.record("recovery_code_used", str(work.principal_id), left=left)
        return True

    async def _tell(self, work: UnitOfWork, tenant: Tenant, kind: str, **facts: str) -> None:
        user = await person(work, work.principal_id)
        await self.post.write(work, Letter(kind, user.email, user.actor.language or tenant.language, _facts(tenant) | facts))

    def _work(self, caller: Caller) -> AbstractAsyncContextManager[UnitOfWork]:
        return unit_of_work(self.engine, caller.tenant.id, caller.actor.principal_id, caller.actor.role)

    def _sealed(self, caller: Caller, secret: str) -> bytes:
        return self.seal.close(secret, caller.tenant.id, "totp", caller.actor.principal_id)

    def _opened(self, tenant_id: int, principal_id: int, sealed: bytes) -> str | None:
        """The seed; None when it was sealed under another ONHAND_SECRET, so that no code can fit."""
        try:
            return self.seal.open(bytes(sealed), tenant_id, "totp", principal_id)
        except SealBroken:
            return None

    def _now(self) -> datetime:
        return from_us(self.clock())


def matching_step(secret: str, code: str, now: datetime) -> int | None:
    """The step of time whose code this is: the present one or a neighbour. All are compared, so time tells nothing."""
    totp, typed = pyotp.TOTP(secret), code.replace(" ", "").encode()
    here = int(now.timestamp()) // STEP_S
    found = [
        step for step in range(here - DRIFT_STEPS, here + DRIFT_STEPS + 1) if hmac.compare_digest(totp.generate_otp(step).encode(), typed)
    ]
    return max(found, default=None)


def plain_code(code: str) -> str:
    """A recovery code as it is compared: people type it with and without its dashes."""
    return "".join(code.split()).replace("-", "").lower()


def _new_code() -> str:
    code = base64.b32encode(secrets.token_bytes(_RECOVERY_OCTETS)).decode().lower()
    return "-".join(code[at : at + 4] for at in range(0, len(code), 4))


async def _new_codes(work: UnitOfWork, principal_id: int) -> list[str]:
    codes = [_new_code() for _ in range(RECOVERY_CODES)]
    await _remove_codes(work, principal_id)
    rows = [{"tenant_id": work.tenant_id, "principal_id": principal_id, "code_hash": fingerprint(plain_code(code))} for code in codes]
    await work.connection.execute(insert(recovery_codes), rows)
    return codes


async def _row(connection: AsyncConnection, tenant_id: int, principal_id: int, *, lock: bool = False) -> Row[Any] | None:
    query = select(second_factors).where(second_factors.c.tenant_id == tenant_id, second_factors.c.principal_id == principal_id)
    return (await connection.execute(query.with_for_update() if lock else query)).one_or_none()


async def _set(work: UnitOfWork, principal_id: int, **values: object) -> None:
    table = second_factors
    await work.connection.execute(
        update(table).where(table.c.tenant_id == work.tenant_id, table.c.principal_id == principal_id).values(values)
    )


async def _remove(work: UnitOfWork, principal_id: int) -> None:
    await _remove_codes(work, principal_id)
    table = second_factors
    await work.connection.execute(delete(table).where(table.c.tenant_id == work.tenant_id, table.c.principal_id == principal_id))


async def _remove_codes(work: UnitOfWork, principal_id: int) -> None:
    table = recovery_codes
    await work.connection.execute(delete(table).where(table.c.tenant_id == work.tenant_id, table.c.principal_id == principal_id))


def _facts(tenant: Tenant) -> dict[str, str]:
    return {"company": tenant.name, "slug": tenant.slug}
