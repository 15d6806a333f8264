"""Names to ids and back, remembered per process: what every stock command asks before it can be built.

A command names its items, warehouses, locations and lots by their codes; the engine knows only numbers. What is missing
from memory is asked of Postgres in one statement for all commands that wait, however many they are. A name lives here for
two seconds, so what another process archived is felt then; what this process writes is felt at once. Ids never change
their code, so the way back (for rendering) is remembered longer.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, NamedTuple
from weakref import finalize, ref

from sqlalchemy import Text, TextClause, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncEngine

from db.tenancy import reading

NAME_LIFE_S = 2.0
ID_LIFE_S = 60.0
ENTRIES_MAX = 200_000
"""About 100 MB at worst; beyond it a tenant's memory starts afresh."""
TIDY_FROM = 10_000
"""Entries from which it is worth looking for those whose time has passed."""

Key = tuple[Any, ...]
"""("sku", sku) · ("item", id) · ("warehouse", code) · ("warehouse_id", id) · ("location", warehouse, code) ·
("location_id", id) · ("lot", sku, kind, code) · ("lot_id", id) · ("principal", id)."""


class ItemName(NamedTuple):
    """What commands need of an item. `factors`: unit -> (numerator, denominator) in base units."""

    id: int
    sku: str
    name: str
    unit: str
    decimals: int
    archived: bool
    factors: dict[str, tuple[int, int]]


class WarehouseName(NamedTuple):
    """What commands need of a warehouse."""

    id: int
    code: str
    name: str
    archived: bool


class LocationName(NamedTuple):
    """A location inside a warehouse; a zone that holds no stock itself cannot be moved to."""

    id: int
    warehouse: str
    code: str
    holds_stock: bool
    archived: bool


class LotName(NamedTuple):
    """A lot or a serial number of an item."""

    id: int
    sku: str
    kind: str
    code: str


Entry = ItemName | WarehouseName | LocationName | LotName | str
"""A principal's entry is its label."""
Names = Mapping[Key, Entry]


def directory_of(engine: AsyncEngine) -> Directory:
    """The one directory of this process for a database."""
    found = _directories.get(id(engine))
    if found is None:
        found = _directories[id(engine)] = Directory(engine)
        finalize(engine, _directories.pop, id(engine), None)
    return found


class Directory:
    """Remembers names per tenant. Only what exists is remembered: a thing made a moment ago is found at once."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = ref(engine)  # which outlives whoever asks, and must not be kept alive by being known here
        self._tenants: dict[int, _Tenant] = {}

    def known(self, tenant_id: int, keys: Iterable[Key]) -> tuple[dict[Key, Entry], set[Key]]:
        """The entries that are remembered, and the keys that would have to be looked up."""
        return self._tenant(tenant_id).remembered(keys)

    async def look(self, tenant_id: int, keys: Iterable[Key]) -> Names:
        """The entries of those keys that exist."""
        tenant = self._tenant(tenant_id)
        found, missing = tenant.remembered(keys)
        if missing:
            loaded = await self._load(tenant_id, tenant, missing)
            found.update((key, loaded[key]) for key in missing if key in loaded)
        return found

    def _tenant(self, tenant_id: int) -> _Tenant:
        found = self._tenants.get(tenant_id)
        if found is None:
            found = self._tenants[tenant_id] = _Tenant()
        return found

    def forget(self, tenant_id: int) -> None:
        """Something of the tenant was written: ask again, and keep nothing of an answer that is under way."""
        self._tenants.pop(tenant_id, None)

    async def _load(self, tenant_id: int, tenant: _Tenant, missing: set[Key]) -> Names:
        """Join the load that is being gathered; the first to come sends it once the one before has landed."""
        if tenant.gathering is None:
            tenant.gathering = _Gathering(set(), asyncio.get_running_loop().create_future())
            _keep(asyncio.create_task(self._send(tenant_id, tenant)))
        gathering = tenant.gathering
        gathering.keys.update(missing)
        return await asyncio.shield(gathering.answer)

    async def _send(self, tenant_id: int, tenant: _Tenant) -> None:
        async with tenant.turn:
            gathering, tenant.gathering = tenant.gathering, None
            assert gathering is not None
            try:
                entries = await self._read(tenant_id, gathering.keys)
            except Exception as problem:
                gathering.answer.set_exception(problem)
                gathering.answer.exception()  # whoever asked may be gone: that is not a second problem
                return
        tenant.remember(entries)
        gathering.answer.set_result(entries)

    async def _read(self, tenant_id: int, keys: set[Key]) -> dict[Key, Entry]:
        wanted: dict[str, list[Key]] = {}
        for key in keys:
            wanted.setdefault(key[0], []).append(key)
        params: dict[str, Any] = {"tenant_id": tenant_id}
        for what, of_kind in wanted.items():
            for place, column in enumerate(zip(*(key[1:] for key in of_kind), strict=True)):
                params[f"{what}_{place}"] = list(column)
        entries: dict[Key, Entry] = {}
        engine = self._engine()
        assert engine is not None
        async with reading(engine, tenant_id) as connection:
            for what, fact in await connection.execute(_statement(frozenset(wanted)), params):
                entries.update(_entries(what, fact))
        return entries


class _Gathering(NamedTuple):
    keys: set[Key]
    answer: asyncio.Future[dict[Key, Entry]]


class _Tenant:
    """What is remembered of one tenant, and the load it is waiting for."""

    def __init__(self) -> None:
        self.gathering: _Gathering | None = None
        self.turn = asyncio.Lock()
        self._entries: dict[Key, tuple[float, Entry]] = {}
        self._tidy_at = TIDY_FROM

    def remembered(self, keys: Iterable[Key]) -> tuple[dict[Key, Entry], set[Key]]:
        now, entries = time.monotonic(), self._entries
        found: dict[Key, Entry] = {}
        missing: set[Key] = set()
        for key in keys:
            known = entries.get(key)
            if known is not None and now < known[0]:
                found[key] = known[1]
            else:
                missing.add(key)
        return found, missing

    def remember(self, entries: dict[Key, Entry]) -> None:
        now = time.monotonic()
        self._make_room(now, len(entries))
        for key, entry in entries.items():
            self._entries[key] = (now + (NAME_LIFE_S if key[0] in _BY_NAME else ID_LIFE_S), entry)

    def _make_room(self, now: float, coming: int) -> None:
        if len(self._entries) + coming < self._tidy_at:
            return
        self._entries = {key: known for key, known in self._entries.items() if now < known[0]}
        if len(self._entries) + coming > ENTRIES_MAX:
            self._entries = {}
        # Twice what is left, so that tidying costs a constant per entry however many there are.
        self._tidy_at = max(TIDY_FROM, 2 * (len(self._entries) + coming))


_directories: dict[int, Directory] = {}
"""By the identity of their engines, for as long as these live: comparing engines costs more than looking a name up."""
_running: set[asyncio.Task[None]] = set()
_BY_NAME = {"sku", "warehouse", "location", "lot"}


def _keep(task: asyncio.Task[None]) -> None:
    """The loop holds tasks weakly; a load must not vanish while commands wait for it."""
    _running.add(task)
    task.add_done_callback(_running.discard)


def _entries(what: str, fact: list[Any]) -> list[tuple[Key, Entry]]:
    """Both ways to a row that was read."""
    if what == "item":
        item_id, sku, name, unit, decimals, archived, factors = fact
        item = ItemName(item_id, sku, name, unit, decimals, archived, {code: (base, per) for code, base, per in factors})
        return [(("sku", item.sku), item), (("item", item.id), item)]
    if what == "warehouse":
        warehouse = WarehouseName(*fact)
        return [(("warehouse", warehouse.code), warehouse), (("warehouse_id", warehouse.id), warehouse)]
    if what == "location":
        location = LocationName(*fact)
        return [(("location", location.warehouse, location.code), location), (("location_id", location.id), location)]
    if what == "lot":
        lot = LotName(*fact)
        return [(("lot", lot.sku, lot.kind, lot.code), lot), (("lot_id", lot.id), lot)]
    return [(("principal", fact[0]), fact[1])]


_ITEM = """
SELECT 'item', jsonb_build_array(i.id, i.sku, i.name, i.base_unit, u.decimals, i.archived_at IS NOT NULL, COALESCE(
    (SELECT jsonb_agg(jsonb_build_array(f.unit, f.numerator, f.denominator)) FROM item_units f
     WHERE f.tenant_id = i.tenant_id AND f.item_id = i.id), '[]'))
FROM items i JOIN units u ON u.tenant_id = i.tenant_id AND u.code = i.base_unit"""
_WAREHOUSE = "SELECT 'warehouse', jsonb_build_array(w.id, w.code, w.name, w.archived_at IS NOT NULL) FROM warehouses w"
_LOCATION = """
SELECT 'location', jsonb_build_array(l.id, w.code, l.code, l.holds_stock, l.archived_at IS NOT NULL)
FROM locations l JOIN warehouses w ON w.tenant_id = l.tenant_id AND w.id = l.warehouse_id"""
_LOT = """
SELECT 'lot', jsonb_build_array(t.id, i.sku, t.kind, t.code)
FROM lots t JOIN items i ON i.tenant_id = t.tenant_id AND i.id = t.item_id"""
_PRINCIPAL = "SELECT 'principal', jsonb_build_array(p.id, p.label) FROM principals p"

_PARTS = {
    "sku": (_ITEM, "i.tenant_id = :tenant_id AND i.sku = ANY (CAST(:sku_0 AS text[]))"),
    "item": (_ITEM, "i.tenant_id = :tenant_id AND i.id = ANY (CAST(:item_0 AS int[]))"),
    "warehouse": (_WAREHOUSE, "w.tenant_id = :tenant_id AND w.code = ANY (CAST(:warehouse_0 AS text[]))"),
    "warehouse_id": (_WAREHOUSE, "w.tenant_id = :tenant_id AND w.id = ANY (CAST(:warehouse_id_0 AS int[]))"),
    "location": (
        _LOCATION,
        "l.tenant_id = :tenant_id AND (w.code, l.code) IN (SELECT * FROM unnest(CAST(:location_0 AS text[]), CAST(:location_1 AS text[])))",
    ),
    "location_id": (_LOCATION, "l.tenant_id = :tenant_id AND l.id = ANY (CAST(:location_id_0 AS int[]))"),
    "lot": (
        _LOT,
        "t.tenant_id = :tenant_id AND "
        "(i.sku, t.kind, t.code) IN (SELECT * FROM unnest(CAST(:lot_0 AS text[]), CAST(:lot_1 AS text[]), CAST(:lot_2 AS text[])))",
    ),
    "lot_id": (_LOT, "t.tenant_id = :tenant_id AND t.id = ANY (CAST(:lot_id_0 AS int[]))"),
    "principal": (_PRINCIPAL, "p.tenant_id = :tenant_id AND p.id = ANY (CAST(:principal_0 AS int[]))"),
}
"""What to select for each kind of key, and which rows."""


@cache
def _statement(kinds: frozenset[str]) -> Any:
    """One statement for just the kinds that are asked for, so that Postgres plans no more than that."""
    clause: TextClause = text("\nUNION ALL ".join(" WHERE ".join(_PARTS[kind]) for kind in sorted(kinds)))
    return clause.columns(what=Text, fact=JSONB)
