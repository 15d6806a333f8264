"""Which suggestions are to be ordered, and how: what was asked for is held against what is needed now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import select

from events.unit_of_work import UnitOfWork
from inventory.body import Complaints
from inventory.catalog.directory import WarehouseName
from inventory.locations.store import warehouses as warehouse_table
from inventory.replenishment import domain
from inventory.replenishment.messages import ChosenLine
from inventory.replenishment.suggestion import Proposal, Suggestion, proposal_by_the_unit, proposal_of
from inventory.suppliers.queries import Supplier, items_by_sku, supplier_by_code
from kit import quantity
from kit.errors import refuse
from kit.text import is_code


class Wanted(NamedTuple):
    """A suggestion, and what is to be ordered of it."""

    suggestion: Suggestion
    proposal: Proposal

    @property
    def group(self) -> tuple[str, str, str]:
        """The order it goes into: supplier, warehouse, currency."""
        return self.proposal.supplier, self.suggestion.warehouse, self.proposal.currency


@dataclass(slots=True)
class Chosen:
    """What is to be ordered; SKUs that nobody sells; (SKU, warehouse) that need nothing any more."""

    wanted: list[Wanted] = field(default_factory=list)
    unassigned: set[str] = field(default_factory=set)
    covered: list[tuple[str, str]] = field(default_factory=list)

    def take(self, suggestion: Suggestion, proposal: Proposal | None) -> None:
        """Order it, or note that it has no supplier."""
        if proposal is None:
            self.unassigned.add(suggestion.sku)
        else:
            self.wanted.append(Wanted(suggestion, proposal))


def chosen_lines(lines: Sequence[ChosenLine], found: Sequence[Suggestion | None], known: Mapping[str, Supplier]) -> Chosen:
    """Hold lines against what is suggested for each now, None for nothing. Refuses unknown and archived suppliers, and quantities that
    the supplier does not take, all lines at once."""
    _refuse_suppliers(lines, known)
    chosen, complaints = Chosen(), Complaints()
    for number, (line, suggestion) in enumerate(zip(lines, found, strict=True)):
        if suggestion is None:
            chosen.covered.append((line.sku, line.warehouse))
        else:
            chosen.take(suggestion, _proposal(line, number, suggestion, known, complaints))
    complaints.raise_any()
    return chosen


def refuse_twice(names: Sequence[tuple[str, ...]]) -> None:
    """Refuse lines that name the same thing again."""
    complaints, seen = Complaints(), set()
    for number, name in enumerate(names):
        if name in seen:
            complaints.add("item_twice", "sku", number, sku=name[0])
        seen.add(name)
    complaints.raise_any()


async def cells_of(work: UnitOfWork, names: Sequence[tuple[str, str]]) -> list[tuple[int, int]]:
    """The (item, warehouse) of each (SKU, code). Refuses unknown names (404) and what was archived (409), all lines at once.

    Read on the transaction's own connection: others wait for it, and it must not wait for another.
    """
    items = await items_by_sku(work.connection, work.tenant_id, {sku for sku, _ in names if is_code(sku)})
    warehouses = await _warehouses(work, {code for _, code in names})
    problems: list[dict[str, Any]] = []
    for number, (sku, code) in enumerate(names):
        for what, at, name, found in (("item", "sku", sku, items.get(sku)), ("warehouse", "warehouse", code, warehouses.get(code))):
            if found is None or found.archived:
                problem = f"unknown_{what}" if found is None else f"{what}_archived"
                problems.append({"line": number, "field": at, "code": problem, at: name[:64]})
    if problems:
        raise refuse(str(problems[0]["code"]), *problems)
    return [(items[sku].id, warehouses[code].id) for sku, code in names]


async def check_names(work: UnitOfWork, warehouse: str | None, supplier: str | None) -> None:
    """Refuse names of nothing: an empty answer would say that nothing is short there."""
    if warehouse is not None and warehouse not in await _warehouses(work, {warehouse}):
        raise refuse("unknown_warehouse", {"field": "warehouse", "warehouse": warehouse[:64]})
    if supplier is not None:
        code = supplier if is_code(supplier) else ""
        if await supplier_by_code(work.connection, work.tenant_id, code) is None:
            raise refuse("unknown_supplier", {"field": "supplier", "supplier": supplier[:64]})


async def _warehouses(work: UnitOfWork, codes: Iterable[str]) -> dict[str, WarehouseName]:
    table = warehouse_table
    query = select(table.c.id, table.c.code, table.c.name, table.c.archived_at.is_not(None))
    mine = (table.c.tenant_id == work.tenant_id, table.c.code.in_(list(filter(is_code, codes))))
    return {row.code: WarehouseName(*row) for row in await work.connection.execute(query.where(*mine))}


def _refuse_suppliers(lines: Sequence[ChosenLine], known: Mapping[str, Supplier]) -> None:
    problems: list[dict[str, Any]] = []
    for number, line in enumerate(lines):
        supplier = known.get(line.supplier or "")
        if line.supplier is not None and (supplier is None or supplier.archived_at):
            code = "supplier_archived" if supplier else "unknown_supplier"
            problems.append({"line": number, "field": "supplier", "code": code, "supplier": line.supplier[:64]})
    if problems:
        raise refuse(str(problems[0]["code"]), *problems)


def _proposal(
    line: ChosenLine, number: int, suggestion: Suggestion, known: Mapping[str, Supplier], complaints: Complaints
) -> Proposal | None:
    if line.supplier is None:
        offer = domain.chosen_offer(suggestion.offers)
    else:
        offer = next((each for each in suggestion.offers if each.supplier_code == line.supplier), None)
    if offer is not None:
        proposal = proposal_of(suggestion, offer)
        packs = _packs(line, number, proposal, complaints)
        return proposal if packs is None else proposal_of(suggestion, offer, packs)
    if line.supplier is None:
        return None
    by_the_unit = proposal_by_the_unit(suggestion, known[line.supplier])
    packs = _packs(line, number, by_the_unit, complaints)
    return by_the_unit if packs is None else proposal_by_the_unit(suggestion, known[line.supplier], packs)


def _packs(line: ChosenLine, number: int, proposal: Proposal, complaints: Complaints) -> int | None:
    """How many packs were asked for; None when that was left open, or is wrong."""
    if line.qty is None:
        return None
    try:
        packs, rest = divmod(quantity.parse(line.qty), quantity.ONE)
        problem = "not_whole_packs" if rest else domain.packs_problem(packs, proposal)
    except ValueError as wrong:
        problem = str(wrong)
    if problem is None:
        return packs
    complaints.add(problem, "qty", number, sku=line.sku, unit=proposal.unit, moq=proposal.moq, multiple=proposal.multiple)
    return None
