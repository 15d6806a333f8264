"""Writing one row of a thing: made once, changed only by who saw its last version, removed only if it is there."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Table, delete, select, update
from sqlalchemy.dialects.postgresql import insert

from events.unit_of_work import UnitOfWork
from kit.errors import refuse


async def insert_one(work: UnitOfWork, table: Table, values: dict[str, Any], taken: str, **facts: Any) -> None:
    """A new row; the refusal `taken` if its unique code exists. The unique index decides, so of two at once one wins."""
    statement = insert(table).values(tenant_id=work.tenant_id, **values).on_conflict_do_nothing().returning(table.c.tenant_id)
    if (await work.connection.execute(statement)).scalar_one_or_none() is None:
        raise refuse(taken, facts)


async def change_one(work: UnitOfWork, table: Table, which: ColumnElement[bool], version: int, **values: Any) -> None:
    """Change a row if nobody has since `version` was read; else refuse with `version_conflict`, or `not_found`."""
    mine = table.c.tenant_id == work.tenant_id
    statement = update(table).where(mine, which, table.c.version == version).values(**values, version=version + 1)
    if (await work.connection.execute(statement.returning(table.c.version))).scalar_one_or_none() is not None:
        return
    there = (await work.connection.execute(select(table.c.version).where(mine, which))).scalar_one_or_none()
    if there is None:
        raise refuse("not_found")
    raise refuse("version_conflict", {"field": "If-Match", "expected": version, "actual": there})


async def delete_one(work: UnitOfWork, table: Table, *which: ColumnElement[bool]) -> None:
    """Remove a row. Refuses `not_found` when there is none."""
    statement = delete(table).where(table.c.tenant_id == work.tenant_id, *which).returning(table.c.tenant_id)
    if (await work.connection.execute(statement)).scalar_one_or_none() is None:
        raise refuse("not_found")


async def lock_one(work: UnitOfWork, table: Table, which: ColumnElement[bool]) -> None:
    """Let nobody else change what hangs on this row until the transaction ends; others may still refer to it."""
    await work.connection.execute(
        select(table.c.tenant_id).where(table.c.tenant_id == work.tenant_id, which).with_for_update(key_share=True)
    )
