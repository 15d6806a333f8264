"""Keys of programs and tills: made, replaced and ended. A key's secret is told once, to whoever makes it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncEngine

from events.unit_of_work import UnitOfWork, unit_of_work
from kit.clock import Clock, from_us
from kit.errors import Refusal, refuse, unless
from tenants import store
from tenants.callers import Callers
from tenants.credentials import Secret, new_key
from tenants.domain import Actor, Tenant, key_refusal
from tenants.messages import MadeKey, NewKey
from tenants.persons import permit
from tenants.service import MayAdd

OVERLAP_HOURS_MAX = 7 * 24
"""How long the secret before may stay valid beside a new one: a week of deployments; what needs longer is two keys."""


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of companies."""

    engine: AsyncEngine
    callers: Callers
    clock: Clock
    may_add: MayAdd

    async def make(self, tenant: Tenant, by: Actor, new: NewKey) -> MadeKey:
        """A key in a transaction of its own."""
        async with unit_of_work(self.engine, tenant.id, by.principal_id, by.role) as work:
            return await self.make_in(work, tenant, by, new)

    async def make_in(self, work: UnitOfWork, tenant: Tenant, by: Actor, new: NewKey) -> MadeKey:
        """A key. Refuses what does not fit, more rights than its maker has, and more keys than the plan includes."""
        permit(by, "keys.write")
        unless(key_refusal(by, new.kind, new.name, new.role, new.scopes, new.warehouses))
        unless(self.may_add(tenant.plan, "keys", await store.keys_counted(work.connection, tenant.id)))
        secret, name = new_key(tenant.slug), new.name.strip()
        principal_id = await store.add_principal(work.connection, tenant.id, new.kind, name)
        await work.connection.execute(
            store.api_keys.insert().values(
                tenant_id=tenant.id,
                principal_id=principal_id,
                name=name,
                prefix=secret.prefix,
                key_hash=secret.hash,
                role=int(new.role),
                scopes=None if new.scopes is None else sorted(new.scopes),
                expires_at=None if new.days is None else self._now() + timedelta(days=new.days),
                made_by=by.principal_id,
            )
        )
        await store.grant_warehouses(work.connection, tenant.id, principal_id, new.warehouses or ())
        await work.record("key_made", secret.prefix, words={principal_id: {"name": name}}, role=new.role.label, **_limits(new))
        return MadeKey(principal_id, secret.prefix, secret.text)

    async def rotate(self, work: UnitOfWork, tenant: Tenant, by: Actor, principal_id: int, overlap_hours: int) -> MadeKey:
        """A new secret for the same key. The one before works for the overlap (0: ends now); one before that ends now."""
        permit(by, "keys.write")
        if not 0 <= overlap_hours <= OVERLAP_HOURS_MAX:
            raise refuse("out_of_range", {"field": "overlap_hours", "min": 0, "max": OVERLAP_HOURS_MAX})
        row = await _open_key(work, tenant, principal_id, self._now())
        unless(_more_than(by, row.actor))
        secret: Secret = new_key(tenant.slug)
        old_until = self._now() + timedelta(hours=overlap_hours) if overlap_hours else None
        await _change(
            work,
            principal_id,
            key_hash=secret.hash,
            prefix=secret.prefix,
            old_hash=row.key_hash if overlap_hours else None,
            old_until=old_until,
        )
        await work.record("key_rotated", secret.prefix, before=row.prefix, overlap_hours=overlap_hours)
        work.after.append(lambda: self.callers.forget(tenant.id, principal_id))
        return MadeKey(principal_id, secret.prefix, secret.text)

    async def revoke(self, work: UnitOfWork, tenant: Tenant, by: Actor, principal_id: int) -> None:
        """The key opens nothing any more, its open feeds end. Revoking it again changes nothing."""
        permit(by, "keys.write")
        row = await store.key_by_id(work.connection, tenant.id, principal_id, lock=True)
        if row is None:
            raise refuse("not_found")
        if row.revoked_at is not None:
            return
        await _change(work, principal_id, revoked_at=self._now())
        await work.record("key_revoked", row.prefix)
        work.after.append(lambda: self.callers.forget(tenant.id, principal_id))

    def _now(self) -> datetime:
        return from_us(self.clock())


def _more_than(by: Actor, key: Actor) -> Refusal | None:
    """Whoever is told a key's secret can do what the key can."""
    return key_refusal(by, key.kind, key.label, key.role, key.scopes, dict.fromkeys(key.warehouses or (), "") or None)


def _limits(new: NewKey) -> dict[str, Any]:
    """What limits the key, for the fact about it."""
    scopes = None if new.scopes is None else sorted(new.scopes)
    return {"kind": new.kind, "scopes": scopes, "warehouses": sorted(new.warehouses.values()) if new.warehouses else None, "days": new.days}


async def _open_key(work: UnitOfWork, tenant: Tenant, principal_id: int, now: datetime) -> store.KeyRow:
    row = await store.key_by_id(work.connection, tenant.id, principal_id, lock=True)
    if row is None:
        raise refuse("not_found")
    if row.revoked_at is not None or (row.expires_at is not None and row.expires_at <= now):
        raise refuse("key_ended")
    return row


async def _change(work: UnitOfWork, principal_id: int, **values: object) -> None:
    table = store.api_keys
    await work.connection.execute(
        update(table).where(table.c.tenant_id == work.tenant_id, table.c.principal_id == principal_id).values(values)
    )
