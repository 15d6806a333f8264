"""What the ledger tells of tills: they name themselves in the keys of what they send."""

from __future__ import annotations

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncConnection

from inventory.ledger.store import stock_ledger

PREFIX = "till-"
"""What the name of a till in a browser begins with (`static/js/kiosk/store.js`)."""


async def has_sold(connection: AsyncConnection, tenant_id: int, until_seq: int) -> bool:
    """Whether a till in a browser has moved stock, as far as the first rows tell: later ones are not read."""
    row = stock_ledger.c
    of_company: list[ColumnElement[bool]] = [row.tenant_id == tenant_id, row.part == 0, row.seq <= until_seq]
    found = await connection.execute(select(row.seq).where(*of_company, row.key.startswith(PREFIX)).limit(1))
    return found.scalar_one_or_none() is not None
