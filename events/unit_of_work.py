"""The transaction of everything nobody contends for: rows and the facts about them, together or not at all."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from db.tenancy import set_tenant
from events.store import facts


@dataclass(frozen=True, slots=True)
class UnitOfWork:
    """An open transaction of one tenant and the person it is done for. `after` runs once it has been committed."""

    connection: AsyncConnection
    tenant_id: int
    principal_id: int
    role: int
    after: list[Callable[[], None]] = field(default_factory=list)

    async def record(self, name: str, subject: str, /, **body: Any) -> None:
        """Write the fact `name` about `subject` (a public id) with its facts. Names are past tense: `item_created`."""
        row: Mapping[str, Any] = {
            "tenant_id": self.tenant_id,
            "name": name,
            "subject": subject,
            "body": body,
            "principal_id": self.principal_id,
            "role": self.role,
        }
        await self.connection.execute(facts.insert(), row)


@asynccontextmanager
async def unit_of_work(engine: AsyncEngine, tenant_id: int, principal_id: int, role: int) -> AsyncIterator[UnitOfWork]:
    """Commit on leaving, roll back on any exception."""
    async with engine.begin() as connection:
        await set_tenant(connection, tenant_id)
        work = UnitOfWork(connection, tenant_id, principal_id, role)
        yield work
    for act in work.after:
        act()
