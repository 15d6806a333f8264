"""Privacy: everything about a person in one document, and a person made unknown while the ledger and the facts go on to prove.

Rows of the ledger and of facts name a person by number. Erasing empties what ties that number to somebody: the name, the e-mail and
the words beside facts. The numbers stay, so nothing that was hashed changes.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import delete, text, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from events.unit_of_work import UnitOfWork, unit_of_work
from kit.clock import Clock, from_us, rfc3339, to_us
from kit.errors import refuse
from tenants import entry_store, sso_store, store, views
from tenants.audit import OF_PEOPLE
from tenants.callers import Callers
from tenants.domain import Actor, Tenant
from tenants.persons import permit
from tenants.sessions import end_sessions

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Privacy:
    """What a person may ask of whoever keeps data about them."""

    engine: AsyncEngine
    callers: Callers
    clock: Clock

    async def export(self, work: UnitOfWork, by: Actor, principal_id: int) -> Json:
        """All that is kept about a person here; the caller adds what other packages keep. One's own, or with the right another's.
        Leaves a fact."""
        _permit(by, principal_id)
        found = await gather(work.connection, work.tenant_id, principal_id)
        await work.record("person_exported", str(principal_id))
        return found

    async def erase(self, tenant: Tenant, by: Actor, principal_id: int, typed: str) -> None:
        """Make a person unknown for good: out, without sessions and keys, under a number instead of a name. `typed` confirms it:
        their e-mail. Refuses for the last admin. A second time there is nobody left to erase."""
        if not by.may("people.write"):
            raise refuse("not_allowed", permission="people.write", role=by.role.label)
        async with unit_of_work(self.engine, tenant.id, by.principal_id, by.role) as work:
            admins = await store.admins(work.connection, tenant.id)
            user = await store.user_by_id(work.connection, tenant.id, principal_id, lock=True)
            if user is None or await _is_erased(work.connection, tenant.id, principal_id):
                raise refuse("not_found")
            if typed.strip().lower() != user.email:
                raise refuse("not_confirmed", {"field": "typed", "expected": user.email})
            if admins == {principal_id}:
                raise refuse("last_admin")
            keys = await keys_made_by(work.connection, tenant.id, principal_id)
            await end_sessions(work, principal_id)
            await self._forget(work, user, keys)
            # Not a word about whom: what was erased must not begin anew with the fact about it.
            await work.record("person_erased", str(principal_id), keys=len(keys))
        for gone in (principal_id, *keys):
            self.callers.forget(tenant.id, gone)

    async def _forget(self, work: UnitOfWork, user: store.UserRow, keys: list[int]) -> None:
        principal_id = user.actor.principal_id
        now, tenant, connection = from_us(self.clock()), work.tenant_id, work.connection
        users, principals, api_keys = store.users, store.principals, store.api_keys
        await connection.execute(
            update(users)
            .where(users.c.tenant_id == tenant, users.c.principal_id == principal_id)
            .values(email=pseudonym(principal_id), password_hash=None, language=None, choices={}, disabled_at=now)
        )
        for each in (principal_id, *keys):
            mine = (principals.c.tenant_id == tenant) & (principals.c.id == each)
            await connection.execute(update(principals).where(mine).values(label=pseudonym(each), erased_at=now))
        for each in keys:
            mine = (api_keys.c.tenant_id == tenant) & (api_keys.c.principal_id == each)
            ended = api_keys.c.revoked_at.is_(None)
            await connection.execute(update(api_keys).where(mine, ended).values(revoked_at=now))
            await connection.execute(update(api_keys).where(mine).values(name=pseudonym(each)))
        for each, name in await _named_after(work, user.actor.label, keys):
            # Somebody else's key that bears the name: it goes on under another one.
            mine = (principals.c.tenant_id == tenant) & (principals.c.id == each)
            await connection.execute(update(principals).where(mine).values(label=name, erased_at=now))
            of_key = (api_keys.c.tenant_id == tenant) & (api_keys.c.principal_id == each)
            await connection.execute(update(api_keys).where(of_key).values(name=name))
            await connection.execute(_EMPTY_WORDS, {"tenant": tenant, "gone": [each]})
        await entry_store.forget(connection, tenant, principal_id, user.email, pseudonym(principal_id), now)
        await views.forget(connection, tenant, principal_id)
        known_as = sso_store.identities
        await connection.execute(delete(known_as).where(known_as.c.tenant_id == tenant, known_as.c.principal_id == principal_id))
        tickets = store.live_tickets
        await connection.execute(delete(tickets).where(tickets.c.tenant_id == tenant, tickets.c.principal_id.in_([principal_id, *keys])))
        await connection.execute(_EMPTY_WORDS, {"tenant": tenant, "gone": [principal_id, *keys]})
        # Answers kept for a week under idempotency keys may name the person.
        await connection.execute(_FORGET_REPLIES, {"tenant": tenant, "email": user.email, "name": user.actor.label})


def pseudonym(principal_id: int) -> str:
    """What an erased person or key is called wherever it was named: the same everywhere, and nobody's name."""
    return f"erased-{principal_id}"


async def gather(connection: AsyncConnection, tenant_id: int, principal_id: int) -> Json:
    """Profile, sessions, keys made, what the ways in keep, facts by and about a person. Refuses `not_found`."""
    user = await store.user_by_id(connection, tenant_id, principal_id)
    if user is None:
        raise refuse("not_found")
    params = {"tenant": tenant_id, "person": principal_id}
    about = {**params, "of_people": list(OF_PEOPLE)}
    ways_in = await entry_store.kept_of(connection, tenant_id, principal_id, user.email)
    return {
        "person": {
            "id": principal_id,
            "name": user.actor.label,
            "email": user.email,
            "role": user.actor.role.label,
            "language": user.actor.language,
            "time_zone": user.actor.choices.time_zone,
            "date_format": user.actor.choices.date_format,
            "number_format": user.actor.choices.number_format,
            "warehouses": await store.granted_codes(connection, tenant_id, principal_id),
            "disabled": user.disabled_at is not None,
        },
        "sessions": [_times(row) for row in (await connection.execute(_SESSIONS, params)).mappings()],
        "keys_made": [_times(row) for row in (await connection.execute(_KEYS, params)).mappings()],
        "identities": [_times(row) for row in (await connection.execute(_IDENTITIES, params)).mappings()],
        **{name: [_times(row) for row in rows] for name, rows in ways_in.items()},
        "saved_views": [asdict(each) for each in await views.of_person(connection, tenant_id, principal_id)],
        "facts_by": [_times(row) for row in (await connection.execute(_FACTS_BY, params)).mappings()],
        "facts_about": [_times(row) for row in (await connection.execute(_FACTS_ABOUT, about)).mappings()],
    }


async def keys_made_by(connection: AsyncConnection, tenant_id: int, principal_id: int) -> list[int]:
    """The keys a person made: what they know of must end with them."""
    found = await connection.execute(_KEYS, {"tenant": tenant_id, "person": principal_id})
    return [row.id for row in found]


async def _named_after(work: UnitOfWork, name: str, besides: list[int]) -> list[tuple[int, str]]:
    """Keys of others that the person's name is part of, each with what it is called from now on."""
    whole = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)", re.IGNORECASE)
    found = [(key.actor.principal_id, key.name) for key in await store.keys_of(work.connection, work.tenant_id)]
    return [(each, pseudonym(each)) for each, called in found if each not in besides and whole.search(called)]


def _permit(by: Actor, principal_id: int) -> None:
    if by.principal_id != principal_id:
        permit(by, "people.write")


async def _is_erased(connection: AsyncConnection, tenant_id: int, principal_id: int) -> bool:
    query = text("SELECT erased_at IS NOT NULL FROM principals WHERE tenant_id = :tenant AND id = :person")
    return bool((await connection.execute(query, {"tenant": tenant_id, "person": principal_id})).scalar_one())


def _times(row: Any) -> Json:
    """A row as JSON: moments on the wire's clock."""
    return {name: rfc3339(to_us(value)) if hasattr(value, "tzinfo") else value for name, value in row.items()}


_SESSIONS = text("""
SELECT left(encode(token_hash, 'hex'), 8) AS session, device, address, created_at, seen_at, expires_at FROM sessions
WHERE tenant_id = :tenant AND principal_id = :person ORDER BY created_at
""")
_KEYS = text("""
SELECT k.principal_id AS id, k.name, k.prefix, k.created_at, k.expires_at, k.used_at, k.revoked_at FROM api_keys k
WHERE k.tenant_id = :tenant AND (k.made_by = :person OR EXISTS (
  SELECT FROM facts f WHERE f.tenant_id = k.tenant_id AND f.subject = k.prefix AND f.name = 'key_made' AND f.principal_id = :person
)) ORDER BY k.principal_id
""")
_IDENTITIES = text("SELECT issuer, subject, seen_at FROM identities WHERE tenant_id = :tenant AND principal_id = :person")
_OF_FACT = """
SELECT c.seq, f.recorded_at, f.name AS fact, f.subject, f.body,
  (SELECT w.words FROM fact_words w WHERE w.tenant_id = f.tenant_id AND w.fact_id = f.id AND w.principal_id = :person) AS words
FROM facts f JOIN fact_chain c ON c.tenant_id = f.tenant_id AND c.fact_id = f.id
WHERE f.tenant_id = :tenant"""
_FACTS_BY = text(f"{_OF_FACT} AND f.principal_id = :person ORDER BY c.seq")
_FACTS_ABOUT = text(f"""{_OF_FACT} AND f.principal_id <> :person AND EXISTS (
  SELECT FROM fact_words w WHERE w.tenant_id = f.tenant_id AND w.fact_id = f.id AND w.principal_id = :person
  UNION ALL SELECT WHERE f.subject = CAST(CAST(:person AS integer) AS text)
    AND f.name LIKE ANY (:of_people)
) ORDER BY c.seq""")
_EMPTY_WORDS = text("UPDATE fact_words SET words = NULL, salt = NULL WHERE tenant_id = :tenant AND principal_id = ANY (:gone)")
_FORGET_REPLIES = text("""
DELETE FROM request_replies WHERE tenant_id = :tenant AND (position(:email IN reply) > 0 OR position(:name IN reply) > 0)
""")
