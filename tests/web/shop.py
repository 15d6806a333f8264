"""A small shop to open pages on: three goods, two warehouses, a supplier and some stock."""

from __future__ import annotations

from itertools import count

from inventory import stock
from inventory.catalog import messages as catalog
from inventory.catalog import service as catalog_service
from inventory.context import Context
from inventory.locations import messages as places
from inventory.locations import service as places_service
from inventory.suppliers import messages as suppliers
from inventory.suppliers import service as suppliers_service
from tests.people import Person
from tests.web.conftest import Site
from web.wiring import Parts

_numbers = count(1)


async def furnish(site: Site, owner: Person) -> Context:
    """Heart (pcs, 10 in Osh), wax (kg, 4.25 in Osh) and a ribbon that never came; Main is empty. Felt sells hearts."""
    parts: Parts = site.app.extensions["onhand"]
    ctx = owner.context(site.world.engine, parts.wiring.stock)
    async with ctx.writing() as work:
        await catalog_service.found_units(work)
        for code, name in (("main", "Main"), ("osh", "Osh")):
            await places_service.create_warehouse(ctx, work, places.NewWarehouse(code, name))
        for sku, name, unit in (("HEART", "Hanging heart", "pcs"), ("WAX", "Soy wax", "kg"), ("RIBBON", "Red ribbon", "m")):
            await catalog_service.create_item(ctx, work, catalog.NewItem(sku=sku, name=name, base_unit=unit, category="Gifts"))
        await catalog_service.add_barcode(ctx, work, "HEART", catalog.NewBarcode("2100000000012"))
        await suppliers_service.create_supplier(ctx, work, suppliers.NewSupplier("FELT", "Felt & Co"))
        await suppliers_service.add_item(ctx, work, "FELT", suppliers.NewOffer(sku="HEART"))
        await catalog_service.set_limits(ctx, work, "HEART", catalog.NewLimits("osh", "12", "60"))
    await do(ctx, "receive", lines=[line("HEART", "10"), line("WAX", "4.250")], reference="PO-1")
    return ctx


def line(sku: str, qty: str, warehouse: str = "osh") -> dict[str, str]:
    """A line of a command."""
    return {"sku": sku, "warehouse": warehouse, "qty": qty}


async def do(ctx: Context, verb: str, **body: object) -> dict[str, object]:
    """Perform a verb under a key of its own and return its answer."""
    answer = await stock.perform(ctx, verb, f"shop-{next(_numbers)}", body)
    assert answer.refusal is None, answer.refusal
    return answer.body
