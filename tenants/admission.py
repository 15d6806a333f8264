"""Letting programs in by a token of an issuer their company trusts.

The first time a token comes it is proven and its hash is kept with who it is; from then on it is looked up like a key, so
cutting off a program, an issuer or a token id is felt everywhere, open feeds included.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import structlog
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncEngine

from events.unit_of_work import UnitOfWork, unit_of_work
from kit.clock import SECOND, Clock, from_us
from kit.text import is_slug
from tenants import machine_store, store
from tenants.domain import EVERY_PERMISSION, SYSTEM, Role, Tenant, strongest
from tenants.machine_store import Issuer
from tenants.outside import Unreachable
from tenants.providers import Providers
from tenants.token_rules import BadToken, Expected, claim, life_refusal, looks_like_token, read, values_of, verified

MACHINES_MAX = 1_000
"""Programs of one company: an issuer that gives every run a subject of its own would fill the ledger's list of hands."""
NAME_LENGTH_MAX = 80

_log = structlog.get_logger("tenants")


@dataclass(frozen=True, slots=True)
class Admission:
    """Proves tokens. `clock` decides expiry."""

    engine: AsyncEngine
    providers: Providers
    clock: Clock

    async def admit(self, slug: str, token: str, proof: bytes) -> bool:
        """Prove a token that comes for the first time; True if it can be looked up under `proof` from now on."""
        if not looks_like_token(token) or not is_slug(slug):
            return False
        try:
            await self._admit(slug, token, proof)
        except (BadToken, Unreachable) as problem:
            _log.info("token_refused", tenant=slug, why=str(problem))
            return False
        return True

    async def _admit(self, slug: str, token: str, proof: bytes) -> None:
        unproven = read(token)
        named = unproven.claims.get("iss")
        tenant, issuer = await self._issuer(slug, named if isinstance(named, str) else "")
        url = issuer.jwks_url or (await self.providers.discovery(issuer.issuer)).get("jwks_uri")
        if not isinstance(url, str):
            raise BadToken("the issuer tells no keys")
        keys = await self.providers.keys(url, unproven)
        now_s = self.clock() / SECOND
        claims = verified(token, Expected(issuer.issuer, issuer.audience, (issuer.algorithm,)), keys, now_s)
        role, scopes = rights_of(claims, issuer, slug, now_s)
        async with unit_of_work(self.engine, tenant.id, SYSTEM.principal_id, SYSTEM.role) as work:
            await self._keep(work, issuer, claims, proof, role, scopes)

    async def _issuer(self, slug: str, named: str) -> tuple[Tenant, Issuer]:
        async with self.engine.begin() as connection:
            tenant = await store.enter(connection, slug)
            issuer = await machine_store.issuer_named(connection, tenant.id, named) if tenant else None
        if tenant is None or issuer is None:
            raise BadToken("no trusted issuer")
        return tenant, issuer

    async def _keep(
        self, work: UnitOfWork, issuer: Issuer, claims: Mapping[str, Any], proof: bytes, role: Role, scopes: frozenset[str] | None
    ) -> None:
        connection, tenant_id, now = work.connection, work.tenant_id, from_us(self.clock())
        jti = claims.get("jti")
        # Locked: two first tokens of one program at once must not make two hands of it. And since it was read the issuer may
        # have been taken away or changed: then this token waits for its next try.
        if await machine_store.issuer_named(connection, tenant_id, issuer.issuer, lock=True) != issuer:
            raise BadToken("the issuer has just changed")
        if isinstance(jti, str) and await machine_store.is_denied(connection, tenant_id, issuer.id, jti):
            raise BadToken("denied")
        principal_id = await _machine(work, issuer, claims, role, now)
        await machine_store.keep_token(
            connection,
            now,
            tenant_id=tenant_id,
            token_hash=proof,
            principal_id=principal_id,
            issuer_id=issuer.id,
            role=int(role),
            scopes=None if scopes is None else sorted(scopes),
            jti=jti if isinstance(jti, str) else None,
            expires_at=datetime.fromtimestamp(claims["exp"], UTC),
        )


def rights_of(claims: Mapping[str, Any], issuer: Issuer, slug: str, now_s: float) -> tuple[Role, frozenset[str] | None]:
    """Role and scopes of a proven token. Raises BadToken when it is another company's, lives too long or means no role."""
    if claim(claims, issuer.tenant_claim) != slug:
        raise BadToken("another company's")
    too_long = life_refusal(claims, now_s)
    if too_long:
        raise BadToken(too_long)
    told = values_of(claims, issuer.role_claim)
    role = strongest(Role[issuer.roles[each].upper()] for each in told if each in issuer.roles)
    if role is None:
        raise BadToken("no role")
    if issuer.scopes_claim is None:
        return role, None
    words = [word for value in values_of(claims, issuer.scopes_claim) for word in value.split()]
    return role, EVERY_PERMISSION.intersection(words)


async def _machine(work: UnitOfWork, issuer: Issuer, claims: Mapping[str, Any], role: Role, now: datetime) -> int:
    """The principal of (issuer, subject), made the first time it comes. Raises BadToken when it was cut off."""
    subject, table = claims["sub"], machine_store.machines
    found = await machine_store.machine(work.connection, work.tenant_id, issuer.issuer, subject)
    if found is None:
        if await machine_store.machines_counted(work.connection, work.tenant_id) >= MACHINES_MAX:
            raise BadToken("too many programs")
        label = subject[:NAME_LENGTH_MAX]
        principal_id = await store.add_principal(work.connection, work.tenant_id, "machine", label)
        row = {"tenant_id": work.tenant_id, "principal_id": principal_id, "issuer": issuer.issuer, "subject": subject, "role": int(role)}
        await work.connection.execute(table.insert().values(**row, seen_at=now))
        words = {principal_id: {"name": label}}
        await work.record("machine_came", str(principal_id), words=words, caller=principal_id, issuer=issuer.issuer, role=role.label)
        return principal_id
    if found.revoked_at is not None:
        raise BadToken("cut off")
    mine = (table.c.tenant_id == work.tenant_id) & (table.c.principal_id == found.principal_id)
    await work.connection.execute(update(table).where(mine).values(seen_at=now, role=int(role)))
    if found.role != role:
        mine_too, before = int(found.principal_id), Role(found.role).label
        await work.record("machine_role_changed", str(mine_too), caller=mine_too, before=before, after=role.label)
    return int(found.principal_id)
