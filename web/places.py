"""Warehouses between their codes, which people say, and their ids, which grants are kept by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from inventory.context import Context
from inventory.locations import queries
from kit.errors import refuse


async def ids_of(context: Context, codes: Iterable[str]) -> dict[int, str]:
    """Id -> code of the warehouses with these codes. Refuses a code that is none, and a list with nothing in it."""
    async with context.reading() as connection:
        there = {each.code: each.id for each in await queries.warehouses_of(connection, context.tenant.id)}
    asked = list(codes)
    if not asked:
        raise refuse("value_missing", {"field": "warehouses"})
    unknown = next((code for code in asked if code not in there), None)
    if unknown is not None:
        raise refuse("unknown_warehouse", {"field": "warehouses", "warehouse": unknown[:64]})
    return {there[code]: code for code in asked}


async def codes_of(context: Context) -> Mapping[int, str]:
    """Id -> code of every warehouse, closed ones too."""
    async with context.reading() as connection:
        return {each.id: each.code for each in await queries.warehouses_of(connection, context.tenant.id, archived=None)}
