"""What screens and programs read of the facts: who did what, when, from where, and how it was before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from events.chain import PART
from kit.clock import from_us, to_us
from kit.paging import LIMIT_DEFAULT, Page, cursor, parse_cursor
from tenants.domain import Role

OF_PEOPLE = (
    "user_%", "sign%", "person_exported", "person_erased", "warehouses_granted", "session%", "second_factor_%", "recovery_code%",
    "password_reset_asked", "machine_%", "sso_linked", "sso_refused", "passwords_turned_on",
)  # fmt: skip
"""Facts whose subject is a principal: its label is shown instead of its number."""


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """What is asked for; None and empty filter nothing. `since` and `until` are microseconds, the end not included."""

    name: str | None = None
    who: int | None = None
    subject: str | None = None
    address: str | None = None
    since: int | None = None
    until: int | None = None
    limit: int = LIMIT_DEFAULT
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class AuditRow:
    """A fact with everything known about it. `about`: the label of the person it is about. `words`: what was noted of people and may
    be erased; `address` and `proof` (the beginning of the hash of a session or key) are of the request."""

    seq: int
    at_us: int
    name: str
    subject: str
    about: str | None
    body: Mapping[str, Any]
    principal_id: int
    by: str
    kind: str
    role: str
    address: str
    proof: str
    words: Mapping[str, str]
    hash: bytes

    @property
    def before(self) -> Any:
        """How it was, None when the fact does not tell."""
        return self.body.get("before")

    @property
    def after(self) -> Any:
        """How it is since."""
        return self.body.get("after")


@dataclass(frozen=True, slots=True)
class FactsProof:
    """How far the chain of facts is proven, in the shape of the ledger's own."""

    seq: int
    checked_at_us: int
    ok: bool
    halted_seq: None = None


@dataclass(frozen=True, slots=True)
class Hand:
    """Somebody or something that acts: a person, a key, the system."""

    id: int
    kind: str
    label: str


async def rows(connection: AsyncConnection, tenant_id: int, asked: AuditFilter) -> Page[AuditRow]:
    """A page of facts, newest first; `as_of_seq` is the number of the last one. Raises ValueError `bad_cursor`."""
    params: dict[str, Any] = {"tenant": tenant_id, "people": list(OF_PEOPLE), "limit": asked.limit + 1}
    where = ""
    for name, condition, value in (
        ("name", "f.name = :name", asked.name),
        ("who", "f.principal_id = :who", asked.who),
        ("subject", "f.subject = :subject", asked.subject),
        ("address", _FROM, asked.address),
        ("since", "f.recorded_at >= :since", _moment(asked.since)),
        ("until", "f.recorded_at < :until", _moment(asked.until)),
        ("cursor", "c.seq < :cursor", parse_cursor(asked.cursor, int)[0] if asked.cursor else None),
    ):
        if value is not None:
            params[name] = value
            where += f" AND {condition}"
    found = [_row(row) for row in await connection.execute(text(_ROWS.format(where=where)), params)]
    more = len(found) > asked.limit
    kept = found[: asked.limit]
    return Page(kept, cursor(kept[-1].seq) if more else None, await last_seq(connection, tenant_id))


async def one(connection: AsyncConnection, tenant_id: int, seq: int) -> AuditRow | None:
    """The fact with this number."""
    params = {"tenant": tenant_id, "people": list(OF_PEOPLE), "seq": seq, "limit": 1}
    row = (await connection.execute(text(_ROWS.format(where=" AND c.seq = :seq")), params)).one_or_none()
    return _row(row) if row else None


async def last_seq(connection: AsyncConnection, tenant_id: int) -> int:
    """The number of the last fact."""
    query = text("SELECT coalesce(max(seq), 0) FROM fact_heads WHERE tenant_id = :tenant")
    return int((await connection.execute(query, {"tenant": tenant_id})).scalar_one())


async def proof(connection: AsyncConnection, tenant_id: int) -> FactsProof | None:
    """The last verification of the chain of facts, None when there has been none."""
    query = text("SELECT seq, checked_at_us, ok FROM stock_proofs WHERE tenant_id = :tenant AND part = :part")
    row = (await connection.execute(query, {"tenant": tenant_id, "part": PART})).one_or_none()
    return FactsProof(*row) if row else None


async def hands(connection: AsyncConnection, tenant_id: int) -> list[Hand]:
    """Everybody and everything that may have left a fact, by name."""
    query = text("SELECT id, kind, label FROM principals WHERE tenant_id = :tenant ORDER BY label, id")
    return [Hand(*row) for row in await connection.execute(query, {"tenant": tenant_id})]


def _moment(us: int | None) -> datetime | None:
    return None if us is None else from_us(us)


def _row(row: Any) -> AuditRow:
    words = {name: value for told in row.words or () for name, value in (told or {}).items()}
    address, proof = words.pop("address", ""), words.pop("proof", "")
    return AuditRow(
        row.seq, to_us(row.recorded_at), row.name, row.subject, row.about, row.body, row.principal_id, row.label, row.kind,
        Role(row.role).label, address, proof, words, row.hash,
    )  # fmt: skip


_FROM = "EXISTS (SELECT FROM fact_words w WHERE w.tenant_id = f.tenant_id AND w.fact_id = f.id AND w.words ->> 'address' = :address)"
_ROWS = """
SELECT c.seq, c.hash, f.recorded_at, f.name, f.subject, f.body, f.principal_id, f.role, p.label, p.kind,
  CASE WHEN f.name LIKE ANY (:people) THEN (SELECT s.label FROM principals s WHERE s.tenant_id = :tenant AND s.id::text = f.subject) END
    AS about,
  (SELECT array_agg(w.words ORDER BY w.principal_id) FROM fact_words w WHERE w.tenant_id = :tenant AND w.fact_id = f.id) AS words
FROM fact_chain c
JOIN facts f ON f.tenant_id = c.tenant_id AND f.id = c.fact_id
JOIN principals p ON p.tenant_id = f.tenant_id AND p.id = f.principal_id
WHERE c.tenant_id = :tenant{where} ORDER BY c.seq DESC LIMIT :limit
"""
