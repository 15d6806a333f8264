"""Whom a company trusts to speak for programs: issuers of tokens, and the programs that came with them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import delete, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from events.unit_of_work import UnitOfWork
from kit.clock import Clock, from_us
from kit.errors import Refusal, refuse, unless
from tenants import machine_store
from tenants.callers import Callers
from tenants.domain import PERMISSIONS, Actor, Role, role_mapping_refusal
from tenants.machine_store import Issuer
from tenants.messages import NewIssuer
from tenants.persons import permit
from tenants.token_rules import ALGORITHMS, LIFE_MAX_S

URL_LENGTH_MAX = 400
CLAIM_LENGTH_MAX = 100


@dataclass(frozen=True, slots=True)
class Machines:
    """Trusted issuers and their programs."""

    callers: Callers
    clock: Clock

    async def trust(self, work: UnitOfWork, by: Actor, new: NewIssuer) -> Issuer:
        """Trust an issuer. Refuses what does not fit, roles above one's own, and an issuer that is trusted already."""
        permit(by, "keys.write")
        unless(issuer_refusal(new) or _above(by, new))
        if await machine_store.issuer_named(work.connection, work.tenant_id, new.issuer) is not None:
            raise refuse("issuer_taken", {"field": "issuer", "issuer": new.issuer})
        values: dict[str, Any] = {
            "issuer": new.issuer,
            "audience": new.audience,
            "algorithm": new.algorithm,
            "jwks_url": new.jwks_url,
            "tenant_claim": new.tenant_claim,
            "role_claim": new.role_claim,
            "roles": dict(new.roles),
            "scopes_claim": new.scopes_claim,
        }
        await work.connection.execute(machine_store.trusted_issuers.insert().values(tenant_id=work.tenant_id, **values))
        await work.record("issuer_trusted", new.issuer, **{name: value for name, value in values.items() if name != "issuer"})
        made = await machine_store.issuer_named(work.connection, work.tenant_id, new.issuer)
        assert made is not None
        return made

    async def distrust(self, work: UnitOfWork, by: Actor, issuer_id: int) -> None:
        """Trust an issuer no more: its programs are out with this. They stay who they were in the ledger."""
        permit(by, "keys.write")
        issuer = await _issuer(work.connection, work.tenant_id, issuer_id)
        for table in (machine_store.machine_tokens, machine_store.denied_tokens):
            await work.connection.execute(delete(table).where(table.c.tenant_id == work.tenant_id, table.c.issuer_id == issuer_id))
        table = machine_store.trusted_issuers
        await work.connection.execute(delete(table).where(table.c.tenant_id == work.tenant_id, table.c.id == issuer_id))
        await work.record("issuer_distrusted", issuer.issuer)
        for machine in await machine_store.machines_of(work.connection, work.tenant_id):
            if machine.issuer == issuer.issuer:
                self._forget(work, machine.id)

    async def deny(self, work: UnitOfWork, by: Actor, issuer_id: int, jti: str) -> None:
        """Take one token of an issuer no more, by its id (`jti`), even if it has not come yet."""
        permit(by, "keys.write")
        if not 0 < len(jti) <= 256 or not jti.isprintable():
            raise refuse("invalid_value", {"field": "jti"})
        issuer = await _issuer(work.connection, work.tenant_id, issuer_id)
        until = from_us(self.clock()) + timedelta(seconds=2 * LIFE_MAX_S)
        row = {"tenant_id": work.tenant_id, "issuer_id": issuer_id, "jti": jti, "expires_at": until}
        await work.connection.execute(insert(machine_store.denied_tokens).values(row).on_conflict_do_nothing())
        old = machine_store.denied_tokens.c
        ended = (old.tenant_id == work.tenant_id) & (old.expires_at < from_us(self.clock()))
        await work.connection.execute(delete(machine_store.denied_tokens).where(ended))
        await work.record("token_denied", issuer.issuer, jti=jti)
        for machine in await machine_store.machines_of(work.connection, work.tenant_id):
            if machine.issuer == issuer.issuer:
                self._forget(work, machine.id)

    async def revoke(self, work: UnitOfWork, by: Actor, principal_id: int, *, back: bool = False) -> None:
        """Cut a program off whatever tokens it brings, or (`back`) let it in again."""
        permit(by, "keys.write")
        table = machine_store.machines
        changed = await work.connection.execute(
            update(table)
            .where(table.c.tenant_id == work.tenant_id, table.c.principal_id == principal_id)
            .values(revoked_at=None if back else from_us(self.clock()))
        )
        if not changed.rowcount:
            raise refuse("not_found")
        await work.record("machine_let_in" if back else "machine_revoked", str(principal_id))
        self._forget(work, principal_id)

    def _forget(self, work: UnitOfWork, principal_id: int) -> None:
        work.after.append(lambda: self.callers.forget(work.tenant_id, principal_id))


def issuer_refusal(new: NewIssuer) -> Refusal | None:
    """Why an issuer cannot be trusted with these data, all reasons at once."""
    claims = {"tenant_claim": new.tenant_claim, "role_claim": new.role_claim, "scopes_claim": new.scopes_claim or "-"}
    wrong = [
        {"field": field}
        for field, fits in (
            ("issuer", is_url(new.issuer)),
            ("audience", 0 < len(new.audience) <= URL_LENGTH_MAX and new.audience.isprintable()),
            ("algorithm", new.algorithm in ALGORITHMS),
            ("jwks_url", new.jwks_url is None or is_url(new.jwks_url)),
            *((field, 0 < len(text) <= CLAIM_LENGTH_MAX and text.isprintable()) for field, text in claims.items()),
        )
        if not fits
    ]
    return Refusal("invalid_value", tuple(wrong)) if wrong else role_mapping_refusal(new.roles)


def is_url(text: str) -> bool:
    """An address of somebody's server, as far as its spelling tells. Where it leads is checked whenever it is asked."""
    parts = urlsplit(text)
    plain = text.isascii() and text.isprintable() and " " not in text and len(text) <= URL_LENGTH_MAX
    return plain and parts.scheme in ("https", "http") and bool(parts.hostname) and not parts.username and not parts.fragment


def _above(by: Actor, new: NewIssuer) -> Refusal | None:
    """A program of this issuer must not have more rights than whoever trusts it."""
    given = {permission for label in new.roles.values() for permission in PERMISSIONS[Role[label.upper()]]}
    more = sorted(given - by.permissions)
    return Refusal("more_rights_than_maker", ({"field": "roles"},), {"more": more}) if more else None


async def _issuer(connection: AsyncConnection, tenant_id: int, issuer_id: int) -> Issuer:
    found = next((each for each in await machine_store.issuers_of(connection, tenant_id) if each.id == issuer_id), None)
    if found is None:
        raise refuse("not_found")
    return found
