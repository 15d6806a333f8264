"""Coming in through the company's own identity provider: OpenID Connect with code, PKCE and nonce.

What ties the way back to the browser that set out is a cookie: nonce and PKCE verifier are made of it, and its hash stands
beside the state. So the database holds nothing that opens anything, and another browser's cookie fits no state.
"""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from hmac import compare_digest
from typing import Any
from urllib.parse import urlencode

import httpx2
import structlog
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncEngine

from events.unit_of_work import unit_of_work
from kit.clock import SECOND, Clock, from_us
from kit.errors import Refusal, Refused, refuse
from kit.ids import token
from tenants import sso_store, store
from tenants.credentials import fingerprint
from tenants.domain import SYSTEM, Tenant
from tenants.messages import SignedIn, SignOnAnswer, SignOnBegun, Visitor
from tenants.newcomers import Newcomers
from tenants.outside import Unreachable
from tenants.providers import Providers
from tenants.seal import Seal, SealBroken
from tenants.sessions import Sessions
from tenants.sso import SECRET_FIELD
from tenants.sso_store import Provider
from tenants.token_rules import ALGORITHMS, BadToken, Expected, claim, read, verified

ATTEMPT_LIFE = timedelta(minutes=10)
"""Long enough to find a phone for the provider's second factor."""
_SCOPES = ("openid", "email", "profile")

_log = structlog.get_logger("tenants")
Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SingleSignOn:
    """The way through a company's provider."""

    engine: AsyncEngine
    providers: Providers
    sessions: Sessions
    newcomers: Newcomers
    clock: Clock
    seal: Seal

    async def begin(self, slug: str, onward: str, redirect_uri: str) -> SignOnBegun:
        """Set out: the address at the provider, and the cookie to come back with. Refuses where there is no provider."""
        tenant, provider = await self._provider(slug)
        found = await self._discovery(provider)
        state, cookie, table, now = token(), token(), sso_store.sign_in_attempts, from_us(self.clock())
        async with unit_of_work(self.engine, tenant.id, SYSTEM.principal_id, SYSTEM.role) as work:
            await work.connection.execute(delete(table).where(table.c.tenant_id == tenant.id, table.c.expires_at <= now))
            row = {"tenant_id": tenant.id, "state_hash": fingerprint(state), "browser_hash": fingerprint(cookie)}
            await work.connection.execute(table.insert().values(**row, onward=onward, expires_at=now + ATTEMPT_LIFE))
        async with self._client(provider, tenant, found, redirect_uri) as client:
            url, _ = client.create_authorization_url(
                str(found["authorization_endpoint"]), state=state, nonce=_of(cookie, "nonce"), code_verifier=_of(cookie, "verifier")
            )
        return SignOnBegun(str(url), cookie)

    async def finish(self, slug: str, answer: SignOnAnswer, cookie: str, redirect_uri: str, visitor: Visitor) -> tuple[SignedIn, str]:
        """Come back: a fresh session, and the page to go on to. Refuses with `sso_failed` whatever does not belong together."""
        tenant, provider = await self._provider(slug)
        onward = await self._taken(tenant, answer, cookie)
        try:
            found = await self._discovery(provider)
            claims = await self._claims(tenant, provider, found, answer, cookie, redirect_uri)
        except (BadToken, OAuthError, SealBroken, httpx2.HTTPError, Unreachable, ValueError) as problem:
            _log.info("sign_on_failed", tenant=slug, why=f"{type(problem).__name__}: {problem}"[:200])
            raise refuse("sso_failed") from problem
        actor = await self.newcomers.welcome(tenant, provider, claims)
        return await self.sessions.open(tenant, actor, visitor, via="sso"), onward

    async def leave_url(self, slug: str, back: str) -> str | None:
        """Where the provider ends its own session, if it tells; `back` is our page to return to."""
        _, provider = await self._provider(slug)
        end = (await self._discovery(provider)).get("end_session_endpoint")
        if not isinstance(end, str):
            return None
        return f"{end}{'&' if '?' in end else '?'}{urlencode({'client_id': provider.client_id, 'post_logout_redirect_uri': back})}"

    async def _taken(self, tenant: Tenant, answer: SignOnAnswer, cookie: str) -> str:
        """The attempt that this answer belongs to, used up whatever becomes of it."""
        async with unit_of_work(self.engine, tenant.id, SYSTEM.principal_id, SYSTEM.role) as work:
            attempt = await sso_store.take_attempt(work.connection, tenant.id, fingerprint(answer.state))
        fits = attempt is not None and compare_digest(attempt.browser_hash, fingerprint(cookie))
        if attempt is None or not fits or attempt.expires_at <= from_us(self.clock()) or answer.error or not answer.code:
            _log.info("sign_on_failed", tenant=tenant.slug, why=f"answer: {answer.error[:80]}" if answer.error else "state or browser")
            raise refuse("sso_failed")
        return attempt.onward

    async def _claims(self, tenant: Tenant, provider: Provider, found: Json, answer: SignOnAnswer, cookie: str, redirect_uri: str) -> Json:
        """What the provider says of the person: the ID token, and what only its userinfo tells."""
        told = bool(found.get("authorization_response_iss_parameter_supported"))
        if (answer.issuer or told) and answer.issuer != provider.issuer:
            raise BadToken("the answer is another issuer's")
        async with self._client(provider, tenant, found, redirect_uri) as client:
            tokens = await client.fetch_token(
                str(found["token_endpoint"]), code=answer.code, code_verifier=_of(cookie, "verifier"), redirect_uri=redirect_uri
            )
            proven = await self._proven(provider, found, tokens, _of(cookie, "nonce"))
            if "email" in proven and claim(proven, provider.group_claim) is not None:
                return proven
            return await _with_userinfo(client, found, proven)

    async def _proven(self, provider: Provider, found: Json, tokens: Json, nonce: str) -> Json:
        text = tokens.get("id_token")
        if not isinstance(text, str):
            raise BadToken("no ID token")
        keys = await self.providers.keys(str(found["jwks_uri"]), read(text))
        claims = verified(text, Expected(provider.issuer, provider.client_id, ALGORITHMS), keys, self.clock() / SECOND)
        if not isinstance(claims.get("nonce"), str) or not compare_digest(claims["nonce"].encode(), nonce.encode()):
            raise BadToken("another nonce")
        several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
        if (several or "azp" in claims) and claims.get("azp") != provider.client_id:
            raise BadToken("for another client")
        return claims

    def _client(self, provider: Provider, tenant: Tenant, found: Json, redirect_uri: str) -> AsyncOAuth2Client:
        sealed = provider.client_secret
        known = found.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        way = "client_secret_basic" if "client_secret_basic" in known else "client_secret_post"
        # Okta and others tell groups only to those who ask for them by name.
        scopes = (*_SCOPES, *(("groups",) if "groups" in (found.get("scopes_supported") or ()) else ()))
        return AsyncOAuth2Client(
            client_id=provider.client_id,
            client_secret=self.seal.open(sealed, tenant.id, *SECRET_FIELD) if sealed else None,
            token_endpoint_auth_method=way if sealed else "none",
            scope=" ".join(scopes),
            redirect_uri=redirect_uri,
            code_challenge_method="S256",
            transport=self.providers.outside,
            trust_env=False,
        )

    async def _provider(self, slug: str) -> tuple[Tenant, Provider]:
        async with self.engine.begin() as connection:
            tenant = await store.enter(connection, slug)
            provider = await sso_store.provider_of(connection, tenant.id) if tenant else None
        if tenant is None or provider is None:
            raise refuse("not_found")
        return tenant, provider

    async def _discovery(self, provider: Provider) -> Json:
        try:
            found = await self.providers.discovery(provider.issuer)
            missing = [name for name in ("authorization_endpoint", "token_endpoint", "jwks_uri") if not isinstance(found.get(name), str)]
            if missing:
                raise Unreachable("no_document")
        except Unreachable as problem:
            raise Refused(Refusal("sso_unreachable", (), {"why": problem.code, "retry_after_s": 30})) from problem
        return found


async def _with_userinfo(client: AsyncOAuth2Client, found: Json, proven: Json) -> Json:
    """What the ID token says, and beside it what only userinfo does; only if that is about the same person."""
    endpoint = found.get("userinfo_endpoint")
    if not isinstance(endpoint, str):
        return proven
    response = await client.get(endpoint)
    more = response.json() if response.status_code == 200 else None
    if not isinstance(more, dict) or more.get("sub") != proven["sub"]:
        raise BadToken("userinfo is about somebody else")
    return {**more, **proven}


def _of(cookie: str, what: str) -> str:
    """A secret made of the cookie: 256 bits that nobody has to keep."""
    return urlsafe_b64encode(hashlib.sha256(f"onhand {what} {cookie}".encode()).digest()).rstrip(b"=").decode()
