"""What a company says about its identity provider, and whether people may still come in by password."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import delete, update
from sqlalchemy.dialects.postgresql import insert

from events.unit_of_work import UnitOfWork
from kit.errors import Refusal, refuse, unless
from tenants import sso_store, store
from tenants.callers import Callers
from tenants.domain import Actor, Role, role_mapping_refusal, role_refusal
from tenants.machines import CLAIM_LENGTH_MAX, URL_LENGTH_MAX, is_url
from tenants.messages import NewProvider
from tenants.outside import Unreachable
from tenants.persons import permit
from tenants.providers import Providers
from tenants.seal import Seal
from tenants.sso_store import Provider
from tenants.token_rules import ALGORITHMS

SECRET_FIELD = ("oidc", "client_secret")
DOMAINS_MAX = 50
_DOMAIN = re.compile(r"(?=.{3,253}$)([a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a test of the configuration looked at: `code` names it, `fits` tells how it is."""

    code: str
    fits: bool


@dataclass(frozen=True, slots=True)
class SignOnSettings:
    """The settings of single sign-on."""

    providers: Providers
    callers: Callers
    seal: Seal

    async def save(self, work: UnitOfWork, by: Actor, new: NewProvider, version: int) -> bool:
        """Name the provider, or change what is said of it. True if passwords came back on.

        Another issuer or client has not shown that anybody gets in: passwords come back on until it has.
        """
        permit(by, "sso.write")
        unless(provider_refusal(new))
        before = await sso_store.provider_of(work.connection, work.tenant_id, lock=True)
        if version != (before.version if before else 0):
            raise refuse("version_conflict", expected=version, actual=before.version if before else 0)
        same = before is not None and (before.issuer, before.client_id) == (new.issuer, new.client_id)
        values: dict[str, Any] = {
            "name": new.name,
            "issuer": new.issuer,
            "client_id": new.client_id,
            "client_secret": self._sealed(work.tenant_id, new, before if same else None),
            "domains": list(new.domains),
            "group_claim": new.group_claim,
            "roles": dict(new.roles),
            "default_role": None if new.default_role is None else int(new.default_role),
            "link_by_email": new.link_by_email,
            "passwords_off": same and before is not None and before.passwords_off,
            "proven_at": before.proven_at if same and before is not None else None,
            "version": version + 1,
        }
        statement = insert(sso_store.identity_providers).values(tenant_id=work.tenant_id, **values)
        await work.connection.execute(statement.on_conflict_do_update(index_elements=["tenant_id"], set_=values))
        told = {name: value for name, value in values.items() if name not in ("client_secret", "proven_at")}
        await work.record("sso_changed", new.issuer, **told, secret_changed=new.client_secret is not None)
        return before is not None and before.passwords_off and not same

    async def turn_passwords(self, work: UnitOfWork, by: Actor, *, off: bool) -> None:
        """Let people in through the provider only, or (`off` False) by password as well.

        Refused unless an admin came in through the provider as it is configured now. Whoever came in by password is out with it.
        """
        permit(by, "sso.write")
        provider = await sso_store.provider_of(work.connection, work.tenant_id, lock=True)
        if provider is None:
            raise refuse("sso_not_set_up")
        if off and provider.proven_at is None:
            raise refuse("sso_not_proven")
        if provider.passwords_off == off:
            return
        table = sso_store.identity_providers
        await work.connection.execute(update(table).where(table.c.tenant_id == work.tenant_id).values(passwords_off=off))
        await work.record("passwords_turned_off" if off else "passwords_turned_on", provider.issuer)
        if off:
            await self._end_sessions(work, "password")

    async def remove(self, work: UnitOfWork, by: Actor) -> None:
        """No provider any more: sessions that came through it end, and passwords count again."""
        permit(by, "sso.write")
        provider = await sso_store.provider_of(work.connection, work.tenant_id, lock=True)
        if provider is None:
            raise refuse("sso_not_set_up")
        if not await store.admins_with_password(work.connection, work.tenant_id):
            raise refuse("sso_only_way_in")
        table = sso_store.identity_providers
        await work.connection.execute(delete(table).where(table.c.tenant_id == work.tenant_id))
        await work.record("sso_removed", provider.issuer)
        await self._end_sessions(work, "sso")

    async def test(self, provider: Provider) -> list[Finding]:
        """Ask the provider for its documents and say what fits: nobody signs in for it."""
        self.providers.forget()
        try:
            found = await self.providers.discovery(provider.issuer)
        except Unreachable as problem:
            return [Finding(problem.code, False)]
        algorithms = found.get("id_token_signing_alg_values_supported") or ["RS256"]
        methods = found.get("code_challenge_methods_supported")
        endpoints = [str(found.get(name, "")) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")]
        findings = [
            Finding("discovery", True),
            Finding("endpoints", all(map(is_url, endpoints))),
            Finding("algorithm", bool(set(algorithms) & set(ALGORITHMS))),
            # Entra ID supports S256 and does not say so: only a list without it speaks against it.
            Finding("pkce", methods is None or "S256" in methods),
        ]
        try:
            keys = await self.providers.keys(str(found.get("jwks_uri", "")))
        except Unreachable:
            keys = []
        return [*findings, Finding("keys", bool(keys)), Finding("proven", provider.proven_at is not None)]

    def _sealed(self, tenant_id: int, new: NewProvider, before: Provider | None) -> bytes | None:
        """The secret as it is stored: a new one, none for a public client, or the one before where none was typed."""
        if new.client_secret is None:
            return before.client_secret if before else None
        return self.seal.close(new.client_secret, tenant_id, *SECRET_FIELD) if new.client_secret else None

    async def _end_sessions(self, work: UnitOfWork, via: str) -> None:
        table = store.sessions
        mine = (table.c.tenant_id == work.tenant_id) & (table.c.via == via)
        ended = set((await work.connection.execute(delete(table).where(mine).returning(table.c.principal_id))).scalars())

        def forget() -> None:
            for each in ended:
                self.callers.forget(work.tenant_id, each)

        work.after.append(forget)


def provider_refusal(new: NewProvider) -> Refusal | None:
    """Why a provider cannot be named with these data, all reasons at once."""
    wrong = [
        {"field": field}
        for field, fits in (
            ("name", 0 < len(new.name) <= CLAIM_LENGTH_MAX),
            ("issuer", is_url(new.issuer)),
            ("client_id", 0 < len(new.client_id) <= URL_LENGTH_MAX and new.client_id.isprintable()),
            ("client_secret", new.client_secret is None or len(new.client_secret) <= URL_LENGTH_MAX),
            ("domains", 0 < len(new.domains) <= DOMAINS_MAX and all(_DOMAIN.fullmatch(each) for each in new.domains)),
            ("group_claim", 0 < len(new.group_claim) <= CLAIM_LENGTH_MAX and new.group_claim.isprintable()),
        )
        if not fits
    ]
    if wrong:
        return Refusal("invalid_value", tuple(wrong))
    if new.default_role is not None:
        return role_refusal(new.default_role) or (role_mapping_refusal(new.roles) if new.roles else None)
    return role_mapping_refusal(new.roles)


def role_of(groups: tuple[str, ...], provider: Provider) -> Role | None:
    """The strongest role that the groups of a person mean, else the one for everybody, else none: they are refused."""
    found = [Role[provider.roles[each].upper()] for each in groups if each in provider.roles]
    return min(found, default=provider.default_role)


def without_secret(provider: Provider) -> Provider:
    """The provider as pages may show it."""
    return replace(provider, client_secret=None)
