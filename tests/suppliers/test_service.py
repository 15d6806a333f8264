"""The verbs of suppliers, on a real database."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from inventory.catalog import messages as catalog
from inventory.catalog import service as catalog_service
from inventory.catalog.messages import Money
from inventory.context import Context
from inventory.suppliers import messages as m
from inventory.suppliers import queries, service
from inventory.suppliers.domain import Break
from inventory.suppliers.queries import Offer, OfferFilter, SupplierFilter, SupplierItem
from kit.errors import Refused
from kit.quantity import ONE
from tests.people import World
from tests.suppliers.conftest import furnish

CASE = m.NewOffer(
    sku="CUP", supplier_sku="A-17", unit="case", multiple=2, moq=4, price=Money("95.50", "USD"), breaks=[m.PriceBreak(10, "90")]
)


async def offers(ctx: Context, *skus: str) -> dict[str, list[Offer]]:
    async with ctx.reading() as connection:
        ids = {item.id: sku for sku, item in (await queries.items_by_sku(connection, ctx.tenant.id, skus)).items()}
        return {ids[item]: found for item, found in (await queries.offers_for(connection, ctx.tenant.id, ids)).items()}


async def add(ctx: Context, code: str, sku: str, **terms: Any) -> SupplierItem:
    async with ctx.writing() as work:
        return await service.add_item(ctx, work, code, m.NewOffer(sku=sku, **terms))


async def refused(ctx: Context, verb: Any, *arguments: Any) -> str:
    with pytest.raises(Refused) as caught:
        async with ctx.writing() as work:
            await verb(ctx, work, *arguments)
    return caught.value.refusal.code


async def test_an_offer_is_what_the_buyer_needs(ctx: Context) -> None:
    async with ctx.writing() as work:
        made = await service.add_item(ctx, work, "A", CASE)
    found = (await offers(ctx, "CUP", "FLOUR"))["CUP"]
    assert found == [made.offer]
    offer = found[0]
    assert (offer.supplier_code, offer.supplier_name, offer.supplier_sku, offer.unit) == ("A", "Alpha", "A-17", "case")
    assert (offer.pack, offer.multiple, offer.moq, offer.price, offer.currency) == (12 * ONE, 2, 4, Decimal("95.50"), "USD")
    assert (offer.breaks, offer.lead_time_days, offer.preferred) == ((Break(10, Decimal(90)),), 7, True)
    assert (offer.price_of(9), offer.price_of(10)) == (Decimal("95.50"), Decimal(90))


async def test_the_preferred_supplier_stands_first_and_there_is_one(ctx: Context) -> None:
    await add(ctx, "A", "CUP")
    await add(ctx, "B", "CUP", lead_time_days=2)
    assert [(each.supplier_code, each.preferred) for each in (await offers(ctx, "CUP"))["CUP"]] == [("A", True), ("B", False)]
    async with ctx.writing() as work:
        chosen = await service.prefer_item(ctx, work, "B", "CUP")
    assert chosen.version == 2
    assert [(each.supplier_code, each.preferred) for each in (await offers(ctx, "CUP"))["CUP"]] == [("B", True), ("A", False)]
    async with ctx.writing() as work:
        again = await service.prefer_item(ctx, work, "B", "CUP")
    assert again.version == 2
    await add(ctx, "A", "FLOUR", preferred=False)
    assert [each.preferred for each in (await offers(ctx, "FLOUR"))["FLOUR"]] == [False]


async def test_of_two_who_are_preferred_at_once_one_is(ctx: Context) -> None:
    await asyncio.gather(*(add(ctx, code, "CUP", preferred=True) for code in ("A", "B")))
    assert sorted(each.preferred for each in (await offers(ctx, "CUP"))["CUP"]) == [False, True]


async def test_the_database_keeps_two_from_being_preferred(ctx: Context) -> None:
    await add(ctx, "A", "CUP")
    await add(ctx, "B", "CUP")
    with pytest.raises(DBAPIError, match="uq_item_suppliers_preferred"):
        async with ctx.writing() as work:
            await work.connection.execute(text("UPDATE item_suppliers SET preferred = true"))


async def test_setting_replaces_all_of_an_offer_but_not_what_somebody_changed(ctx: Context) -> None:
    async with ctx.writing() as work:
        await service.add_item(ctx, work, "A", CASE)
        changed = await service.set_item(ctx, work, "A", "CUP", m.OfferTerms(price=Money("8", "KGS"), lead_time_days=1), 1)
    assert (changed.version, changed.offer.pack, changed.offer.breaks, changed.offer.supplier_sku) == (2, ONE, (), "")
    assert (changed.offer.preferred, changed.offer.lead_time_days, changed.own_lead_time_days) == (True, 1, 1)
    assert await refused(ctx, service.set_item, "A", "CUP", m.OfferTerms(), 1) == "version_conflict"
    async with ctx.writing() as work:
        same = await service.set_item(ctx, work, "A", "CUP", m.OfferTerms(price=Money("8.00", "KGS"), lead_time_days=1), 2)
    assert same.version == 2, "what says the same changes nothing"


async def test_an_offer_goes_with_its_prices_and_can_come_back(ctx: Context) -> None:
    async with ctx.writing() as work:
        await service.add_item(ctx, work, "A", CASE)
        await service.remove_item(ctx, work, "A", "CUP")
    assert await offers(ctx, "CUP") == {}
    assert await refused(ctx, service.remove_item, "A", "CUP") == "not_found"
    again = await add(ctx, "A", "CUP")
    assert again.offer.breaks == ()


async def test_what_is_unknown_taken_or_put_away_is_refused(ctx: Context) -> None:
    await add(ctx, "A", "CUP")
    assert await refused(ctx, service.add_item, "A", m.NewOffer(sku="CUP")) == "offer_taken"
    assert await refused(ctx, service.add_item, "A", m.NewOffer(sku="NONE")) == "unknown_item"
    assert await refused(ctx, service.add_item, "A", m.NewOffer(sku="\x00")) == "unknown_item"
    assert await refused(ctx, service.add_item, "Z", m.NewOffer(sku="CUP")) == "unknown_supplier"
    assert await refused(ctx, service.create_supplier, m.NewSupplier("A", "Another")) == "code_taken"
    assert await refused(ctx, service.create_supplier, m.NewSupplier("", "", currency="x", email="no")) == "invalid_body"
    async with ctx.writing() as work:
        await catalog_service.archive_item(ctx, work, "FLOUR")
        await service.archive_supplier(ctx, work, "B")
    assert await refused(ctx, service.add_item, "A", m.NewOffer(sku="FLOUR")) == "item_archived"
    assert await refused(ctx, service.add_item, "B", m.NewOffer(sku="CUP")) == "supplier_archived"


async def test_what_an_archived_supplier_offers_counts_no_more(ctx: Context) -> None:
    await add(ctx, "A", "CUP")
    await add(ctx, "B", "CUP")
    async with ctx.writing() as work:
        archived = await service.archive_supplier(ctx, work, "A")
        assert await service.archive_supplier(ctx, work, "A") == archived
    assert [each.supplier_code for each in (await offers(ctx, "CUP"))["CUP"]] == ["B"]
    assert await refused(ctx, service.prefer_item, "A", "CUP") == "supplier_archived"
    async with ctx.writing() as work:
        assert (await service.prefer_item(ctx, work, "B", "CUP")).offer.preferred


async def test_a_packaging_that_is_bought_keeps_what_is_in_it(ctx: Context) -> None:
    async with ctx.writing() as work:
        await service.add_item(ctx, work, "A", CASE)
    assert await refused(ctx, catalog_service.set_item_unit, "CUP", catalog.NewItemUnit("case", 10)) == "unit_is_bought"
    assert await refused(ctx, catalog_service.remove_item_unit, "CUP", "case") == "unit_is_bought"
    async with ctx.writing() as work:
        await catalog_service.set_item_unit(ctx, work, "CUP", catalog.NewItemUnit("case", 12))
        await service.remove_item(ctx, work, "A", "CUP")
        await catalog_service.set_item_unit(ctx, work, "CUP", catalog.NewItemUnit("case", 10))


async def test_a_packaging_cannot_change_while_an_offer_takes_it(ctx: Context) -> None:
    async with ctx.writing() as work:
        await service.add_item(ctx, work, "A", CASE)
        change = asyncio.create_task(refused(ctx, catalog_service.set_item_unit, "CUP", catalog.NewItemUnit("case", 10)))
        await asyncio.wait({change}, timeout=0.3)
        assert not change.done(), "it waits for the offer to be decided"
    assert await change == "unit_is_bought"


async def test_a_supplier_changes_by_who_saw_it_last(ctx: Context) -> None:
    async with ctx.writing() as work:
        changed = await service.change_supplier(
            ctx, work, "A", m.SupplierChange(name="Alpha Ltd", email=" Sales@Alpha.Example", lead_time_days=None, notes="Call\nfirst"), 1
        )
    assert (changed.name, changed.email, changed.lead_time_days, changed.notes) == ("Alpha Ltd", "sales@alpha.example", None, "Call\nfirst")
    assert (changed.currency, changed.version) == ("KGS", 2)
    assert await refused(ctx, service.change_supplier, "A", m.SupplierChange(name="X"), 1) == "version_conflict"
    assert await refused(ctx, service.change_supplier, "Z", m.SupplierChange(name="X"), 1) == "unknown_supplier"
    assert await refused(ctx, service.change_supplier, "A", m.SupplierChange(currency="KG"), 2) == "invalid_body"


async def test_lists_are_found_sorted_and_paged(ctx: Context) -> None:
    async with ctx.writing() as work:
        for number in range(5):
            await service.create_supplier(ctx, work, m.NewSupplier(f"S{number}", f"Wool {9 - number}", tax_number=f"TAX-{number}"))
            await catalog_service.create_item(ctx, work, catalog.NewItem(f"W{number}", f"Yarn {9 - number}"))
            await service.add_item(ctx, work, "S0", m.NewOffer(sku=f"W{number}", supplier_sku=f"their-{number}"))
        await service.archive_supplier(ctx, work, "S4")
    async with ctx.reading() as connection:
        tenant_id = ctx.tenant.id
        first = await queries.suppliers_page(connection, tenant_id, SupplierFilter(q="wool", sort="name", limit=2))
        then = await queries.suppliers_page(connection, tenant_id, SupplierFilter(q="wool", sort="name", limit=2, cursor=first.next))
        assert [each.code for each in (*first.items, *then.items)] == ["S3", "S2", "S1", "S0"]
        assert await queries.suppliers_counted(connection, tenant_id, SupplierFilter(q="wool")) == 4
        assert [each.code for each in (await queries.suppliers_page(connection, tenant_id, SupplierFilter(q="tax-2"))).items] == ["S2"]
        assert [each.code for each in (await queries.suppliers_page(connection, tenant_id, SupplierFilter(archived=True))).items] == ["S4"]
        assert [each.code for each in (await queries.suppliers_page(connection, tenant_id, SupplierFilter(currency="USD"))).items] == ["B"]
        supplier = await queries.supplier_by_code(connection, tenant_id, "S0")
        assert supplier is not None
        assert supplier == await queries.supplier_by_id(connection, tenant_id, supplier.id)
        page = await queries.items_of_supplier(connection, tenant_id, supplier.id, OfferFilter(sort="name", limit=3))
        rest = await queries.items_of_supplier(connection, tenant_id, supplier.id, OfferFilter(sort="name", limit=3, cursor=page.next))
        assert [each.sku for each in (*page.items, *rest.items)] == ["W4", "W3", "W2", "W1", "W0"]
        assert await queries.items_of_supplier_counted(connection, tenant_id, supplier.id, OfferFilter(q="their-3")) == 1
        with pytest.raises(ValueError, match="bad_cursor"):
            await queries.suppliers_page(connection, tenant_id, SupplierFilter(cursor="nonsense"))


async def test_every_change_leaves_a_fact_without_names_of_people(ctx: Context) -> None:
    async with ctx.writing() as work:
        await service.create_supplier(ctx, work, m.NewSupplier("C", "Gamma", contact="Gulnara", email="gulnara@gamma.example"))
        await service.change_supplier(ctx, work, "C", m.SupplierChange(contact="Aizada"), 1)
        await service.add_item(ctx, work, "C", CASE)
        await service.add_item(ctx, work, "A", CASE)
        await service.prefer_item(ctx, work, "A", "CUP")
        await service.remove_item(ctx, work, "C", "CUP")
        await service.archive_supplier(ctx, work, "C")
    async with ctx.reading() as connection:
        rows = list(await connection.execute(text("SELECT name, subject, body FROM facts WHERE name LIKE 'supplier%' ORDER BY id")))
    told = [(row.name, row.subject) for row in rows if row.subject not in ("A", "B")]
    assert told == [
        (m.SUPPLIER_CREATED, "C"),
        (m.SUPPLIER_CHANGED, "C"),
        (m.SUPPLIER_ITEM_SET, "C/CUP"),
        (m.SUPPLIER_ITEM_SET, "A/CUP"),
        (m.SUPPLIER_ITEM_SET, "A/CUP"),
        (m.SUPPLIER_ITEM_REMOVED, "C/CUP"),
        (m.SUPPLIER_ARCHIVED, "C"),
    ]
    assert next(row.body for row in rows if row.subject == "C/CUP")["breaks"] == {"10": "90"}
    assert "ulnara" not in str(rows)


async def test_bob_looks_and_writes_nothing(engine: AsyncEngine, ctx: Context, world: World) -> None:
    bob = world.bob.context(engine)
    assert bob.actor.may("suppliers.read")
    for verb, arguments in (
        (service.create_supplier, (m.NewSupplier("X", "X"),)),
        (service.change_supplier, ("A", m.SupplierChange(name="X"), 1)),
        (service.archive_supplier, ("A",)),
        (service.add_item, ("A", CASE)),
        (service.set_item, ("A", "CUP", m.OfferTerms(), 1)),
        (service.prefer_item, ("A", "CUP")),
        (service.remove_item, ("A", "CUP")),
    ):
        assert await refused(bob, verb, *arguments) == "not_allowed"


async def test_carol_sees_and_reaches_nothing_of_it(engine: AsyncEngine, ctx: Context, world: World) -> None:
    made = await add(ctx, "A", "CUP")
    carol = world.carol.context(engine)
    assert await refused(carol, service.archive_supplier, "A") == "unknown_supplier"
    assert await refused(carol, service.prefer_item, "A", "CUP") == "unknown_supplier"
    async with carol.reading() as connection:
        assert await queries.offers_for(connection, carol.tenant.id, [made.offer.item_id]) == {}
        assert await queries.offers_for(connection, ctx.tenant.id, [made.offer.item_id]) == {}
        assert await queries.supplier_by_id(connection, carol.tenant.id, made.offer.supplier_id) is None
    async with carol.writing() as work:
        await furnish(carol, work)
        await service.add_item(carol, work, "A", m.NewOffer(sku="CUP"))
    assert [each.supplier_id for each in (await offers(ctx, "CUP"))["CUP"]] == [made.offer.supplier_id]
