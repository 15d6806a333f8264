"""Names to ids and back, remembered per process: what every stock command asks before it can be built.

A command names its items, warehouses, locations and lots by their codes; the engine knows only numbers. What is missing
from memory is asked of Postgres in one statement for all commands that wait, however many they are.

A name that was read stays: whoever changes a thing leaves a fact in the same transaction, and facts are numbered without holes. So
while a company's names are in use, its newest fact is looked at every second: nothing new, and all that is remembered is as it is in
the database; else what the new facts are about is forgotten. A look that could not be had for two seconds is waited for, so
what another process archived is felt then, whatever becomes of words between processes; what this process writes is felt at
once.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any, NamedTuple
from weakref import finalize, ref

from sqlalchemy import Text, TextClause, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncEngine

from db.tenancy import reading

LOOK_S = 1.0
"""How old the last look at the facts may be before the next one is begun beside whatever goes on."""
TRUSTED_S = 2.0
"""How old it may be before the next one is waited for: the latest that what another process changed is felt here."""
NAME_LIFE_S = 600.0
"""For what a hand in the database may have changed without leaving a fact."""
LABEL_LIFE_S = 60.0
"""Of what a person or key is called, which no fact of a thing tells."""
CHANGES_MAX = 1_000
"""New facts about things from which it is cheaper to forget all of a company's names."""
ENTRIES_MAX = 200_000
"""About 100 MB at worst; beyond it a tenant's memory starts afresh. Of all tenants together as many: those that were not asked for
longest go first."""
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

    def __init__(self, engine: AsyncEngine, clock: Callable[[], float] = time.monotonic) -> None:
        self._engine = ref(engine)  # which outlives whoever asks, and must not be kept alive by being known here
        self._clock = clock
        self._tenants: dict[int, _Tenant] = {}
        self._read_since = 0

    def known(self, tenant_id: int, keys: Iterable[Key]) -> tuple[dict[Key, Entry], set[Key]]:
        """The entries that are remembered, and the keys that would have to be looked up."""
        tenant, now = self._tenant(tenant_id), self._clock()
        age = now - tenant.looked_at
        if age >= TRUSTED_S:
            return {}, set(keys)
        if age >= LOOK_S:
            self._look_again(tenant_id, tenant)
        return tenant.remembered(keys, now)

    async def look(self, tenant_id: int, keys: Iterable[Key]) -> Names:
        """The entries of those keys that exist."""
        tenant = self._tenant(tenant_id)
        if self._clock() - tenant.looked_at >= TRUSTED_S:
            await asyncio.shield(self._look_again(tenant_id, tenant))
            tenant = self._tenant(tenant_id)
        found, missing = self.known(tenant_id, keys)
        if missing:
            loaded = await self._load(tenant_id, tenant, missing)
            found.update((key, loaded[key]) for key in missing if key in loaded)
        return found

    def _tenant(self, tenant_id: int) -> _Tenant:
        found = self._tenants.get(tenant_id)
        if found is None:
            found = self._tenants[tenant_id] = _Tenant(self._clock())
        return found

    def forget(self, tenant_id: int) -> None:
        """Something of the tenant was written: ask again, and keep nothing of an answer that is under way."""
        self._tenants.pop(tenant_id, None)

    def _look_again(self, tenant_id: int, tenant: _Tenant) -> asyncio.Task[None]:
        """The look that is under way, or a new one."""
        if tenant.looking is None:
            tenant.looking = asyncio.create_task(self._confirm(tenant_id, tenant))
            _keep(tenant.looking)
        return tenant.looking

    async def _confirm(self, tenant_id: int, tenant: _Tenant) -> None:
        """Forget what new facts are about. What is being loaded meanwhile may be older than they are, and is not kept either."""
        began = self._clock()
        try:
            seq, changed = await self._read_facts(tenant_id, tenant.seq)
        finally:
            tenant.looking = None
        if changed or tenant.seq < 0:
            fresh = tenant.without(changed, began)
            if self._tenants.get(tenant_id) is tenant:
                self._tenants[tenant_id] = fresh
            tenant = fresh
        tenant.seq, tenant.looked_at = seq, began

    async def _read_facts(self, tenant_id: int, after: int) -> tuple[int, list[tuple[str, str]]]:
        """The newest fact, and what those after one are about: (kind of thing, its code)."""
        engine = self._engine()
        assert engine is not None
        async with reading(engine, tenant_id) as connection:
            rows = await connection.execute(_FACTS, {"tenant_id": tenant_id, "after": after, "most": CHANGES_MAX + 1})
            found = [(seq, name, subject) for seq, name, subject in rows]
        seq = found[0][0] if found else 0
        return seq, [(name.partition("_")[0], subject) for _, name, subject in found if after >= 0 and name is not None]

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
        tenant.remember(entries, self._clock())
        self._make_room(len(entries))
        gathering.answer.set_result(entries)

    def _make_room(self, came: int) -> None:
        """Counted now and then, not with every name that comes."""
        self._read_since += came
        if self._read_since < TIDY_FROM:
            return
        self._read_since, total = 0, sum(map(len, self._tenants.values()))
        for tenant_id in sorted(self._tenants, key=lambda each: self._tenants[each].looked_at):
            if total <= ENTRIES_MAX:
                return
            total -= len(self._tenants.pop(tenant_id))

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

    def __init__(self, now: float) -> None:
        self.gathering: _Gathering | None = None
        self.turn = asyncio.Lock()
        self.seq = -1
        self.looked_at = now - TRUSTED_S
        self.looking: asyncio.Task[None] | None = None
        self._entries: dict[Key, tuple[float, Entry]] = {}
        self._tidy_at = TIDY_FROM

    def __len__(self) -> int:
        return len(self._entries)

    def without(self, changed: list[tuple[str, str]], now: float) -> _Tenant:
        """The same without what is known of the things that changed. What was read before the first look proves nothing."""
        fresh = _Tenant(now)
        if self.seq >= 0 and len(changed) <= CHANGES_MAX:
            gone = {key for kind, code in changed for key in self._both_ways(kind, code)}
            fresh._entries = {key: known for key, known in self._entries.items() if key not in gone}
            fresh._tidy_at = self._tidy_at
        return fresh

    def _both_ways(self, kind: str, code: str) -> Iterable[Key]:
        """The keys of a thing, as its facts name it."""
        by_name, by_id = _WAYS[kind]
        key = (by_name, *(code.split("/", 1) if kind == "location" else (code,)))
        known = self._entries.get(key)
        return (key,) if known is None or isinstance(known[1], str) else (key, (by_id, known[1].id))

    def remembered(self, keys: Iterable[Key], now: float) -> tuple[dict[Key, Entry], set[Key]]:
        entries = self._entries
        found: dict[Key, Entry] = {}
        missing: set[Key] = set()
        for key in keys:
            known = entries.get(key)
            if known is not None and now < known[0]:
                found[key] = known[1]
            else:
                missing.add(key)
        return found, missing

    def remember(self, entries: dict[Key, Entry], now: float) -> None:
        self._make_room(now, len(entries))
        for key, entry in entries.items():
            self._entries[key] = (now + (LABEL_LIFE_S if key[0] == "principal" else NAME_LIFE_S), entry)

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
_WAYS = {"item": ("sku", "item"), "warehouse": ("warehouse", "warehouse_id"), "location": ("location", "location_id")}
"""By the first word of the facts about a thing: how it is looked up by its code and by its number."""


def _keep(task: asyncio.Task[None]) -> None:
    """The loop holds tasks weakly; a load must not vanish while commands wait for it."""
    _running.add(task)
    task.add_done_callback(_ended)


def _ended(task: asyncio.Task[None]) -> None:
    _running.discard(task)
    if not task.cancelled():
        task.exception()  # whoever waits is told; a look that nobody waits for is taken again


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


# Only what exists is remembered, so what is created changes nothing that is known.
_FACTS = text("""
SELECT h.seq, f.name, f.subject
FROM fact_heads h
LEFT JOIN fact_chain c ON c.tenant_id = h.tenant_id AND c.seq > :after AND CAST(:after AS bigint) >= 0
LEFT JOIN facts f ON f.tenant_id = c.tenant_id AND f.id = c.fact_id
  AND f.name ~ '^(item|warehouse|location)_' AND f.name !~ '_created$'
WHERE h.tenant_id = :tenant_id
ORDER BY f.name NULLS LAST
LIMIT :most""")
