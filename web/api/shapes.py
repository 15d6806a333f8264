"""Things as the API shows them: one shape each."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from events.jobs import JobRun, JobStatus
from inventory.catalog.queries import Barcode, Category, Item, ItemUnit, Limits, Unit
from inventory.ledger.queries import Cell, ItemLevel
from inventory.ledger.render import level_fields
from inventory.locations.queries import Location, Warehouse
from inventory.suppliers.queries import Supplier, SupplierItem
from kit import money
from kit.clock import from_us, rfc3339, to_us
from kit.quantity import format_qty
from tenants.invitations import Invitation
from tenants.machine_store import Issuer, Machine
from tenants.messages import Caller
from tenants.queries import Key
from tenants.staff import Colleague
from web.rights import Right

Json = dict[str, Any]


def item(found: Item, barcodes: list[Barcode] | None = None, units: list[ItemUnit] | None = None) -> Json:
    """An item; alone it also carries its barcodes and packagings."""
    shown: Json = {
        "sku": found.sku,
        "name": found.name,
        "names": found.names,
        "kind": found.kind,
        "base_unit": found.base_unit,
        "decimals": found.decimals,
        "category": found.category,
        "price": price(found.price, found.currency),
        "metadata": found.metadata,
        "archived": found.archived_at is not None,
        "version": found.version,
        "created_at": _time(found.created_at),
        "updated_at": _time(found.updated_at),
    }
    if barcodes is not None:
        shown["barcodes"] = [barcode(each) for each in barcodes]
    if units is not None:
        shown["units"] = [item_unit(each) for each in units]
    return shown


ITEM_COLUMNS = ("sku", "name", "kind", "base_unit", "category", "price", "archived", "version", "updated_at")


def price(amount: Decimal | None, currency: str | None) -> Json | None:
    """Money of the contract: exact, with at least the currency's minor digits."""
    if amount is None or currency is None:
        return None
    return {"amount": exact_amount(amount, currency), "currency": currency}


def exact_amount(amount: Decimal, currency: str) -> str:
    """A decimal string with at least the currency's minor digits."""
    return format_qty(money.micros(amount), money.minor_digits(currency))


def barcode(found: Barcode) -> Json:
    """A code that finds an item."""
    return {"code": found.code, "kind": found.kind, "created_at": _time(found.created_at)}


def item_unit(found: ItemUnit) -> Json:
    """A packaging: `per` of the unit are `base` base units."""
    return {"unit": found.unit, "base": found.base, "per": found.per}


def limits(found: Limits, decimals: int) -> Json:
    """Minimum and maximum in a warehouse."""
    return {
        "warehouse": found.warehouse,
        "min": format_qty(found.qty_min, decimals),
        "max": format_qty(found.qty_max, decimals),
    }


def category(found: Category) -> Json:
    """A category in use."""
    return {"name": found.name, "items": found.items}


def unit(found: Unit) -> Json:
    """A unit to count in."""
    return {
        "code": found.code,
        "name": found.name,
        "decimals": found.decimals,
        "archived": found.archived_at is not None,
        "version": found.version,
    }


UNIT_COLUMNS = ("code", "name", "decimals", "archived", "version")


def job(found: JobStatus) -> Json:
    """How a job stands."""
    return {
        "job": found.job,
        "state": found.state,
        "every_s": found.every_s,
        "daily_at": found.daily_at and found.daily_at.strftime("%H:%M"),
        "next_run_at": found.next_run_at_us and rfc3339(found.next_run_at_us),
        "failures": found.failures,
        "last": found.last and job_run(found.last),
    }


JOB_COLUMNS = ("job", "state", "every_s", "daily_at", "next_run_at", "failures", "last")


def job_run(found: JobRun) -> Json:
    """One run of a job."""
    return {
        "id": found.id,
        "attempt": found.attempt,
        "state": found.state,
        "reason": found.reason or None,
        "started_at": rfc3339(found.started_at_us),
        "ended_at": found.ended_at_us and rfc3339(found.ended_at_us),
        "here": dict(found.counts),
    }


JOB_RUN_COLUMNS = ("id", "attempt", "state", "reason", "started_at", "ended_at", "here")


def warehouse(found: Warehouse) -> Json:
    """A warehouse or outlet."""
    return {
        "code": found.code,
        "name": found.name,
        "time_zone": found.time_zone,
        "archived": found.archived_at is not None,
        "version": found.version,
    }


WAREHOUSE_COLUMNS = ("code", "name", "time_zone", "archived", "version")


def location(found: Location) -> Json:
    """A zone, aisle or bin."""
    return {
        "warehouse": found.warehouse,
        "code": found.code,
        "kind": found.kind,
        "parent": found.parent,
        "holds_stock": found.holds_stock,
        "archived": found.archived_at is not None,
        "version": found.version,
    }


LOCATION_COLUMNS = ("warehouse", "code", "kind", "parent", "holds_stock", "archived", "version")


def supplier(found: Supplier) -> Json:
    """Somebody to buy from."""
    return {
        "code": found.code,
        "name": found.name,
        "currency": found.currency,
        "email": found.email,
        "phone": found.phone,
        "contact": found.contact,
        "tax_number": found.tax_number,
        "payment_terms_days": found.payment_terms_days,
        "lead_time_days": found.lead_time_days,
        "language": found.language,
        "notes": found.notes,
        "archived": found.archived_at is not None,
        "version": found.version,
        "created_at": _time(found.created_at),
        "updated_at": _time(found.updated_at),
    }


SUPPLIER_COLUMNS = (
    "code", "name", "currency", "email", "phone", "contact", "tax_number", "payment_terms_days", "lead_time_days", "archived", "version",
)  # fmt: skip


def offer(found: SupplierItem) -> Json:
    """How a supplier sells an item. `pack` is in the item's base unit, `days` the lead time that counts."""
    of = found.offer
    return {
        "supplier": of.supplier_code,
        "supplier_name": of.supplier_name,
        "sku": found.sku,
        "name": found.name,
        "supplier_sku": of.supplier_sku,
        "unit": of.unit,
        "pack": format_qty(of.pack, found.decimals),
        "base_unit": found.base_unit,
        "multiple": of.multiple,
        "moq": of.moq,
        "price": price(of.price, of.currency),
        "breaks": [{"from_qty": each.from_qty, "price": exact_amount(each.price, of.currency)} for each in of.breaks],
        "lead_time_days": found.own_lead_time_days,
        "days": of.lead_time_days,
        "preferred": of.preferred,
        "version": found.version,
    }


OFFER_COLUMNS = (
    "supplier", "sku", "name", "supplier_sku", "unit", "pack", "base_unit", "multiple", "moq", "price", "breaks", "lead_time_days", "days",
    "preferred", "version",
)  # fmt: skip


def level(cell: Cell) -> Json:
    """A level of the contract."""
    return level_fields(
        cell.sku,
        cell.warehouse,
        cell.unit,
        cell.decimals,
        cell.on_hand,
        cell.reserved,
        cell.available,
        cell.in_transit,
        cell.on_order,
        cell.seq,
    )


LEVEL_COLUMNS = ("sku", "warehouse", "on_hand", "reserved", "available", "in_transit", "on_order", "unit", "seq")


def item_level(found: ItemLevel, as_of_seq: int) -> Json:
    """An item's level over all warehouses, and in each."""
    summed = level_fields(
        found.sku,
        None,
        found.unit,
        found.decimals,
        found.on_hand,
        found.reserved,
        found.available,
        found.in_transit,
        found.on_order,
        found.seq,
    )
    return {**summed, "warehouses": [level(cell) for cell in found.cells], "as_of_seq": as_of_seq}


ROW_COLUMNS = (
    "seq", "kind", "sku", "warehouse", "location", "lot", "serial", "owner", "condition", "delta_on_hand", "delta_reserved",
    "delta_in_transit", "on_hand", "reserved", "in_transit", "unit", "reservation", "transfer", "reference", "reason",
    "effective_at", "recorded_at", "by", "role", "key", "hash",
)  # fmt: skip
EXCEPTION_COLUMNS = (
    "id", "kind", "sku", "warehouse", "qty", "unit", "seq", "effective_at", "recorded_at", "by", "reference", "settled_at", "settled_by",
    "note",
)  # fmt: skip
TRANSFER_COLUMNS = ("id", "status", "from", "to", "reference", "lines", "created_at", "created_by")
RESERVATION_COLUMNS = ("id", "status", "hold", "expires_at", "reference", "lines", "created_at", "created_by")


def me(caller: Caller, warehouses: list[str] | None) -> Json:
    """Who is asking, and what they may do in which warehouses (None: in all)."""
    tenant, actor = caller.tenant, caller.actor
    return {
        "tenant": {
            "slug": tenant.slug,
            "name": tenant.name,
            "time_zone": tenant.time_zone,
            "language": tenant.language,
            "currency": tenant.currency,
            "plan": tenant.plan,
        },
        "kind": actor.kind,
        "name": actor.label,
        "role": actor.role.label,
        "permissions": sorted(actor.permissions),
        "warehouses": warehouses,
    }


def person(found: Colleague, codes: Mapping[int, str]) -> Json:
    """A person; `codes` are those of all warehouses by id."""
    return {
        "id": found.id,
        "name": found.name,
        "email": found.email,
        "role": found.role,
        "warehouses": _codes(found.warehouses, codes),
        "disabled": found.disabled,
        "second_factor": found.second_factor,
        "seen_at": _time(found.seen_at) if found.seen_at else None,
        "created_at": _time(found.created_at),
        "version": found.version,
    }


PERSON_COLUMNS = ("id", "name", "email", "role", "warehouses", "disabled", "second_factor", "seen_at", "created_at", "version")


def invitation(found: Invitation, codes: Mapping[int, str]) -> Json:
    """An invitation. Its link is in the letter and nowhere else."""
    return {
        "id": found.id,
        "email": found.email,
        "role": found.role,
        "warehouses": _codes(found.warehouses, codes),
        "language": found.language,
        "state": found.state,
        "created_at": _time(found.created_at),
        "expires_at": _time(found.expires_at),
        "invited_by": found.invited_by,
    }


INVITATION_COLUMNS = ("id", "email", "role", "warehouses", "language", "state", "created_at", "expires_at", "invited_by")


def _codes(ids: tuple[int, ...] | None, codes: Mapping[int, str]) -> list[str] | None:
    return None if ids is None else sorted(codes[each] for each in ids)


def key(found: Key, codes: Mapping[int, str], now_us: int) -> Json:
    """A key of a program or till. Of its secret there is only the beginning."""
    return {
        "id": found.id,
        "kind": found.kind,
        "name": found.name,
        "prefix": found.prefix,
        "role": found.role,
        "scopes": None if found.scopes is None else list(found.scopes),
        "warehouses": None if found.warehouses is None else sorted(codes.get(each, "") for each in found.warehouses),
        "state": found.state(from_us(now_us)),
        "made_by": found.made_by,
        "created_at": _time(found.created_at),
        "used_at": _time_or_none(found.used_at),
        "expires_at": _time_or_none(found.expires_at),
        "revoked_at": _time_or_none(found.revoked_at),
        "old_secret_until": _time_or_none(found.old_until),
    }


KEY_COLUMNS = ("id", "kind", "name", "prefix", "role", "scopes", "warehouses", "state", "made_by", "created_at", "used_at", "expires_at")


def issuer(found: Issuer) -> Json:
    """An issuer of tokens that the company trusts."""
    return {
        "id": found.id,
        "issuer": found.issuer,
        "audience": found.audience,
        "algorithm": found.algorithm,
        "jwks_url": found.jwks_url,
        "tenant_claim": found.tenant_claim,
        "role_claim": found.role_claim,
        "roles": dict(found.roles),
        "scopes_claim": found.scopes_claim,
        "created_at": _time(found.created_at),
    }


ISSUER_COLUMNS = ("id", "issuer", "audience", "algorithm", "jwks_url", "tenant_claim", "role_claim", "roles", "scopes_claim", "created_at")


def machine(found: Machine) -> Json:
    """A program that came with a token."""
    return {
        "id": found.id,
        "name": found.name,
        "issuer": found.issuer,
        "subject": found.subject,
        "role": found.role,
        "seen_at": _time(found.seen_at),
        "revoked_at": _time_or_none(found.revoked_at),
    }


MACHINE_COLUMNS = ("id", "name", "issuer", "subject", "role", "seen_at", "revoked_at")


def permission(found: Right) -> Json:
    """A permission, in words, and who has it."""
    limits = {"whole_company": found.whole_company, "named_only": found.named_only}
    return {"name": found.name, "says": found.says, "roles": list(found.roles), **limits}


def _time_or_none(moment: datetime | None) -> str | None:
    return None if moment is None else _time(moment)


def _time(moment: datetime) -> str:
    return rfc3339(to_us(moment))
