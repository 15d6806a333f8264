"""What was done with an order, from its facts: for whoever may see the order, with or without the right to read the audit."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from kit.ids import order_number
from tenants.domain import Role


@dataclass(frozen=True, slots=True)
class OrderFact:
    """Something that was done: the fact's name, who did it as what, why (`reason`), and what they wrote or named (`words`)."""

    id: int
    at_us: int
    name: str
    by: str
    role: str
    reason: str
    words: str


async def history(connection: AsyncConnection, tenant_id: int, number: int) -> list[OrderFact]:
    """What was done with an order, newest first."""
    rows = await connection.execute(text(_HISTORY), {"tenant_id": tenant_id, "subject": order_number(number)})
    return [OrderFact(row.id, row.at_us, row.name, row.by, Role(row.role).label, row.reason, row.words) for row in rows]


_HISTORY = r"""
SELECT f.id, CAST(extract(epoch FROM f.recorded_at) * 1000000 AS bigint) AS at_us, f.name, p.label AS by, f.role,
  coalesce(f.body ->> 'reason', '') AS reason, coalesce(w.words ->> 'note', w.words ->> 'file', '') AS words
FROM facts f
JOIN principals p ON p.tenant_id = f.tenant_id AND p.id = f.principal_id
LEFT JOIN fact_words w ON w.tenant_id = f.tenant_id AND w.fact_id = f.id AND w.principal_id = f.principal_id
WHERE f.tenant_id = :tenant_id AND f.subject = :subject AND f.name LIKE 'order\_%' ORDER BY f.id DESC"""
