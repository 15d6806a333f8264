"""Recognising who calls: session cookies, API keys, tokens of trusted issuers and tickets become a `Caller`.

Every request passes here, so what was looked up is remembered for a few seconds. Whatever ends a session or a key in this
process is felt at once; what another process ended is felt when that one's word comes, at the latest when the memory runs out.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from kit.clock import Clock, from_us
from tenants import machine_store, store
from tenants.credentials import KEY_BEGINS, fingerprint, slug_of_key, slug_of_session
from tenants.domain import Actor, Role, Tenant, session_is_open
from tenants.messages import Caller

REMEMBERED_S = 5.0
AHEAD = 0.5
"""From this part of that time on a caller who comes is looked up again while the memory still serves: whoever comes all the time
never waits for the database, not even when somebody else keeps it busy."""
REMEMBERED_MAX = 10_000
_TOUCH = timedelta(minutes=5)
"""How coarse "last seen" may be: one write in five minutes instead of one per request."""

Told = Callable[[int, int], None]
"""(tenant, principal)."""
Admit = Callable[[str, str, bytes], Awaitable[bool]]
"""Proves a token (second) for a company (first) and keeps it under a hash (third); True if it was good."""
_Find = Callable[[AsyncConnection, Tenant, bytes, datetime], Awaitable[Actor | None]]


class _Known(NamedTuple):
    """A caller, and when they were looked up: seconds of the monotonic clock."""

    at: float
    caller: Caller


class Callers:
    """Callers by what they show. `clock` decides expiry; `remembered_s` is how long an answer may be reused; `tell` passes on to
    other processes whose rights have changed; `admit` proves tokens of trusted issuers (without it none are taken)."""

    def __init__(
        self,
        engine: AsyncEngine,
        clock: Clock,
        remembered_s: float = REMEMBERED_S,
        tell: Told | None = None,
        admit: Admit | None = None,
    ) -> None:
        self._engine = engine
        self._admit = admit
        self._clock = clock
        self._remembered_s = remembered_s
        self._known: OrderedDict[bytes, _Known] = OrderedDict()
        self._asked: dict[bytes, asyncio.Task[Caller | None]] = {}
        self._forgotten = 0
        self._tell = tell
        self._watchers: dict[tuple[int, int], set[Callable[[], None]]] = {}

    async def of_session(self, cookie: str) -> Caller | None:
        """The person of a session cookie, or None when it opens nothing."""
        return await self._recognise(slug_of_session(cookie), fingerprint(cookie), _by_session)

    async def of_bearer(self, text: str, slug: str | None) -> Caller | None:
        """The program that shows a key of ours, or a token for the company `slug`; None when it opens nothing."""
        if text.startswith(KEY_BEGINS) or slug is None or self._admit is None:
            return await self.of_key(text)
        # The company is part of the hash: what is remembered of a token at one address says nothing at another.
        proof = fingerprint(f"{slug} {text}")
        known = await self._recognise(slug, proof, _by_token)
        if known is None and await self._admit(slug, text, proof):
            known = await self._recognise(slug, proof, _by_token)
        return known

    async def of_key(self, key: str) -> Caller | None:
        """The holder of an API key, or None when it opens nothing."""
        return await self._recognise(slug_of_key(key), fingerprint(key), _by_key)

    async def of_ticket(self, slug: str, ticket: str) -> Caller | None:
        """Spend a ticket: its caller the first time, None ever after."""
        now = from_us(self._clock())
        async with self._engine.begin() as connection:
            tenant = await store.enter(connection, slug)
            proof = await _spend(connection, tenant, fingerprint(ticket), now) if tenant else None
        return await self._find(slug, proof, _by_any) if proof else None

    async def again(self, caller: Caller) -> Caller | None:
        """The caller as of a few seconds ago at most: what long connections ask from time to time, one look for all that came with
        the same key. None means: end it."""
        return await self._recognise(caller.tenant.slug, caller.proof, _by_any)

    def watch(self, caller: Caller, doubted: Callable[[], None]) -> Callable[[], None]:
        """Call `doubted` when something says that the caller's rights have changed. Returns what ends the watching."""
        who = (caller.tenant.id, caller.actor.principal_id)
        self._watchers.setdefault(who, set()).add(doubted)

        def end() -> None:
            watchers = self._watchers.get(who, set())
            watchers.discard(doubted)
            if not watchers:
                self._watchers.pop(who, None)

        return end

    def forget(self, tenant_id: int, principal_id: int) -> None:
        """The person's or key's rights changed: ask the database next time, and tell other processes to."""
        self.hear(tenant_id, principal_id)
        if self._tell is not None:
            self._tell(tenant_id, principal_id)

    def hear(self, tenant_id: int, principal_id: int) -> None:
        """The same, told by another process."""
        self._doubt(lambda caller: caller.tenant.id == tenant_id and caller.actor.principal_id == principal_id)
        for doubted in list(self._watchers.get((tenant_id, principal_id), ())):
            doubted()

    def forget_company(self, tenant_id: int) -> None:
        """The company chose something else: ask the database next time, whoever of it comes."""
        self._doubt(lambda caller: caller.tenant.id == tenant_id)

    def _doubt(self, whom: Callable[[Caller], bool]) -> None:
        """Remember nothing of these callers. What is being read now may be older than the change: who comes from here on asks anew."""
        self._forgotten += 1
        self._asked = {}
        self._known = OrderedDict((proof, known) for proof, known in self._known.items() if not whom(known.caller))

    async def _recognise(self, slug: str | None, proof: bytes, find: _Find) -> Caller | None:
        known, now = self._known.get(proof), time.monotonic()
        if known is not None and now < known.at + self._remembered_s * AHEAD:
            return known.caller
        if slug is None:
            return None
        # Of a hundred requests that come with one key at once, one asks; it goes on when its own request is given up.
        asked = self._asked.get(proof) or self._asking(slug, proof, find)
        return known.caller if known is not None and now < known.at + self._remembered_s else await asyncio.shield(asked)

    def _asking(self, slug: str, proof: bytes, find: _Find) -> asyncio.Task[Caller | None]:
        asked = self._asked[proof] = asyncio.create_task(self._ask(slug, proof, find))
        asked.add_done_callback(partial(self._answered, proof))
        return asked

    def _answered(self, proof: bytes, task: asyncio.Task[Caller | None]) -> None:
        if self._asked.get(proof) is task:
            del self._asked[proof]
        if not task.cancelled():
            task.exception()  # whoever still waits is told; if nobody does, there is nobody to tell

    async def _ask(self, slug: str, proof: bytes, find: _Find) -> Caller | None:
        before = self._forgotten
        found = await self._find(slug, proof, find)
        if found is None:
            self._known.pop(proof, None)
        elif before == self._forgotten:  # else something was revoked while we were reading: what we read may be older than that
            self._remember(proof, found)
        return found

    def _remember(self, proof: bytes, caller: Caller) -> None:
        self._known[proof] = _Known(time.monotonic(), caller)
        self._known.move_to_end(proof)
        while len(self._known) > REMEMBERED_MAX:
            self._known.popitem(last=False)

    async def _find(self, slug: str, proof: bytes, find: _Find) -> Caller | None:
        now = from_us(self._clock())
        async with self._engine.begin() as connection:
            tenant = await store.enter(connection, slug)
            actor = await find(connection, tenant, proof, now) if tenant else None
        if tenant is None or actor is None or actor.role is Role.SYSTEM:
            return None
        return Caller(tenant, actor, proof)


async def _by_session(connection: AsyncConnection, tenant: Tenant, proof: bytes, now: datetime) -> Actor | None:
    found = await store.session_by_hash(connection, tenant.id, proof)
    if found is None or found.user.disabled_at is not None:
        return None
    if not session_is_open(tenant.settings, now, found.created_at, found.seen_at, found.expires_at):
        return None
    if now - found.seen_at > _TOUCH:
        table = store.sessions
        await connection.execute(update(table).where(table.c.tenant_id == tenant.id, table.c.token_hash == proof).values(seen_at=now))
        await store.seen(connection, tenant.id, found.user.actor.principal_id, now)
    # What more than a password a provider asks for is the provider's.
    return replace(found.user.actor, second_factor=True) if found.via == "sso" else found.user.actor


async def _by_key(connection: AsyncConnection, tenant: Tenant, proof: bytes, now: datetime) -> Actor | None:
    found = await store.key_by_hash(connection, tenant.id, proof)
    if found is None or found.revoked_at is not None or (found.expires_at is not None and found.expires_at <= now):
        return None
    if found.key_hash != proof and (found.old_until is None or found.old_until <= now):
        return None
    if found.used_at is None or now - found.used_at > _TOUCH:
        table, mine = store.api_keys, found.actor.principal_id
        await connection.execute(update(table).where(table.c.tenant_id == tenant.id, table.c.principal_id == mine).values(used_at=now))
    return found.actor


async def _by_token(connection: AsyncConnection, tenant: Tenant, proof: bytes, now: datetime) -> Actor | None:
    return await machine_store.token_by_hash(connection, tenant.id, proof, now)


async def _by_any(connection: AsyncConnection, tenant: Tenant, proof: bytes, now: datetime) -> Actor | None:
    for find in (_by_session, _by_key, _by_token):
        found = await find(connection, tenant, proof, now)
        if found is not None:
            return found
    return None


async def _spend(connection: AsyncConnection, tenant: Tenant, ticket_hash: bytes, now: datetime) -> bytes | None:
    table = store.live_tickets
    spent = await connection.execute(
        update(table)
        .where(table.c.tenant_id == tenant.id, table.c.ticket_hash == ticket_hash, table.c.expires_at > now, table.c.spent.is_(False))
        .values(spent=True)
        .returning(table.c.proof)
    )
    proof = spent.scalar_one_or_none()
    return bytes(proof) if proof is not None else None
