"""Items from a file: all of them or none, with complaints by line, and a second time nothing."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from inventory.catalog import imports, queries, service
from inventory.catalog import messages as m
from inventory.catalog.imports import Change, ItemFile, Row, Written, import_items
from inventory.catalog.queries import Item
from inventory.context import Context
from inventory.files import COMPLAINTS_MAX, ROWS_MAX
from inventory.locations import messages as places
from inventory.locations import service as places_service
from kit import csvs
from kit.errors import Refused
from kit.quantity import ONE
from tests.people import World

HEADER = "sku,name,category,unit,kind,price,barcode,min osh,max osh"


@pytest.fixture
async def ctx(engine: AsyncEngine, world: World) -> Context:
    """Alice's hands, in a company with a warehouse in Osh and cups."""
    ctx = world.alice.context(engine)
    async with ctx.writing() as work:
        await places_service.create_warehouse(ctx, work, places.NewWarehouse("osh", "Osh"))
        await service.create_item(ctx, work, m.NewItem("CUP", "Cup", category="Kitchen"))
        await service.add_barcode(ctx, work, "CUP", m.NewBarcode("111"))
    return ctx


async def take(ctx: Context, *rows: str, header: str = HEADER, dry_run: bool = False) -> Written:
    async with ctx.writing() as work:
        return await import_items(ctx, work, ItemFile("\n".join((header, *rows)), dry_run))


async def looked(ctx: Context, *rows: str, header: str = HEADER) -> list[Row]:
    async with ctx.writing() as work:
        return await imports.look(ctx, work, ItemFile("\n".join((header, *rows))))


async def complaints(ctx: Context, *rows: str, header: str = HEADER) -> list[tuple[Any, ...]]:
    with pytest.raises(Refused) as caught:
        await take(ctx, *rows, header=header)
    assert caught.value.refusal.code == "file_refused"
    return [(error["line"], error["field"], error["code"]) for error in caught.value.refusal.errors]


async def found(ctx: Context, sku: str) -> tuple[Item, list[str], list[tuple[int, int]]]:
    """An item, its barcodes, and its minimum and maximum."""
    async with ctx.reading() as connection:
        item = await queries.item(connection, ctx.tenant.id, sku)
        assert item is not None
        codes = [each.code for each in await queries.barcodes(connection, ctx.tenant.id, item.id)]
        limits = [(each.qty_min, each.qty_max) for each in await queries.limits(connection, ctx.tenant.id, item.id)]
    return item, codes, limits


async def facts(ctx: Context) -> list[str]:
    async with ctx.reading() as connection:
        return [name for (name,) in await connection.execute(text("SELECT name FROM facts ORDER BY id"))]


async def test_rows_become_items_with_barcodes_and_limits(ctx: Context) -> None:
    assert await take(ctx, "PLATE,Plate,Kitchen,pcs,finished,12.50,222 333,5,40", "", "WAX,Soy wax,,kg,raw,,,,0.5") == Written(2, 0, 0)
    plate, codes, limits = await found(ctx, "PLATE")
    assert (plate.name, plate.category, plate.base_unit, plate.price, plate.currency) == ("Plate", "Kitchen", "pcs", Decimal("12.5"), "KGS")
    assert (sorted(codes), limits) == (["222", "333"], [(5 * ONE, 40 * ONE)])
    wax, codes, limits = await found(ctx, "WAX")
    assert (wax.kind, wax.base_unit, wax.price, codes, limits) == ("raw", "kg", None, [], [(0, ONE // 2)])


async def test_what_is_left_empty_stays(ctx: Context) -> None:
    await take(ctx, "CUP,,,,,3,,2,9")
    assert await take(ctx, "CUP,Tea cup,,,,,444,,") == Written(0, 1, 0)
    cup, codes, limits = await found(ctx, "CUP")
    assert (cup.name, cup.category, cup.price) == ("Tea cup", "Kitchen", Decimal(3))
    assert (codes, limits) == (["111", "444"], [(2 * ONE, 9 * ONE)])
    assert await take(ctx, "CUP,12", header="sku,max osh") == Written(0, 1, 0)
    assert (await found(ctx, "CUP"))[2] == [(2 * ONE, 12 * ONE)]


async def test_the_same_file_a_second_time_changes_nothing(ctx: Context) -> None:
    rows = ("CUP,Tea cup,,,,3,111 555,1,2", "PLATE,Plate,,,,,222,5,40")
    assert await take(ctx, *rows) == Written(1, 1, 0)
    before, version = await facts(ctx), (await found(ctx, "CUP"))[0].version
    assert await take(ctx, *rows) == Written(0, 0, 2)
    assert (await facts(ctx), (await found(ctx, "CUP"))[0].version) == (before, version)


async def test_each_thing_done_leaves_its_fact(ctx: Context) -> None:
    before = len(await facts(ctx))
    await take(ctx, "CUP,Tea cup,,,,,666,1,2", "PLATE,Plate,,,,,,,")
    assert sorted((await facts(ctx))[before:]) == sorted((m.ITEM_CREATED, m.ITEM_CHANGED, m.BARCODE_ADDED, m.LIMITS_SET))


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([",Nothing"], [(2, "sku", "not_a_code")]),
        (["\x00,Nothing"], [(2, "sku", "not_a_code")]),
        (["PLATE"], [(2, "name", "value_missing")]),
        (["PLATE," + "x" * 201], [(2, "name", "text_too_long")]),
        (["PLATE,Plate,,crate"], [(2, "unit", "unknown_unit")]),
        (["CUP,,,kg"], [(2, "unit", "unit_stays")]),
        (["PLATE,Plate,,,good"], [(2, "kind", "not_a_choice")]),
        (["PLATE,Plate,,,,ten"], [(2, "price.amount", "not_an_amount")]),
        (["PLATE,Plate,,,,-1"], [(2, "price.amount", "out_of_range")]),
        (["PLATE,Plate,,,,,111"], [(2, "barcode", "barcode_taken")]),
        (["PLATE,Plate,,,,,CUP"], [(2, "barcode", "barcode_taken")]),
        (["PLATE,Plate,,,,,цена"], [(2, "barcode", "not_a_code")]),
        (["PLATE,Plate,,,,,222", "BOWL,Bowl,,,,,222"], [(3, "barcode", "barcode_taken")]),
        (["PLATE,Plate,,,,,,5,"], [(2, "max osh", "value_missing")]),
        (["PLATE,Plate,,,,,,5,4"], [(2, "max osh", "out_of_range")]),
        (["PLATE,Plate,,,,,,0.5,4"], [(2, "min osh", "too_many_decimals")]),
        (["CUP,Tea cup", "CUP,Mug"], [(3, "sku", "sku_twice")]),
        (["PLATE,,,crate", "BOWL,Bowl"], [(2, "unit", "unknown_unit"), (2, "name", "value_missing")]),
    ],
)
async def test_every_line_that_does_not_fit_is_named_and_nothing_is_done(ctx: Context, rows: list[str], told: list[Any]) -> None:
    before = await facts(ctx)
    assert await complaints(ctx, "BEFORE,Before", *rows) == [(line + 1, field, code) for line, field, code in told]
    assert await facts(ctx) == before


async def test_what_was_put_away_is_not_changed(ctx: Context) -> None:
    async with ctx.writing() as work:
        await service.archive_item(ctx, work, "CUP")
    assert await complaints(ctx, "CUP,Tea cup") == [(2, "sku", "item_archived")]


async def test_complaints_end(ctx: Context) -> None:
    assert len(await complaints(ctx, *(f"N{number},Thing,,crate" for number in range(COMPLAINTS_MAX * 2)))) == COMPLAINTS_MAX


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("", "no_header"),
        (HEADER, "no_rows"),
        ("sku,article\nCUP,Cup", "unknown_column"),
        ("sku,min main\nCUP,1", "unknown_column"),
        ("name\nCup", "column_missing"),
        ('sku,name\n"CUP,Cup', "not_csv"),
        ("sku\n" + "CUP\n" * (ROWS_MAX + 1), "too_many_rows"),
        (HEADER + "\n" + "я" * 200_001, "file_too_large"),
    ],
)
async def test_a_file_that_cannot_be_read_says_why(ctx: Context, content: str, code: str) -> None:
    with pytest.raises(Refused) as caught:
        async with ctx.writing() as work:
            await import_items(ctx, work, ItemFile(content))
    assert caught.value.refusal.code == code


async def test_files_of_other_spreadsheets_read_the_same(ctx: Context) -> None:
    assert await take(ctx, "PLATE;Тарелка;12,5", header="\ufeffSKU;Name;Price") == Written(1, 0, 0)
    assert await take(ctx, "PLATE\tТарелка\t12.50\r", header="sku\tname\tprice\r") == Written(0, 0, 1)


async def test_formulas_are_data(ctx: Context) -> None:
    for sku, name in (("A", "=1+1"), ("B", "+49"), ("C", "-7"), ("D", "@x")):
        await take(ctx, f'{sku},"{name}"')
        assert (await found(ctx, sku))[0].name == name


async def test_what_was_taken_out_changes_nothing_when_put_back(ctx: Context) -> None:
    await take(ctx, "CUP,=Cup,,,,3.25,444,1,2", "PLATE,Plate,,,,,,,", "WAX,Wax,,kg,raw,,,0.25,0.5")
    async with ctx.writing() as work:
        warehouses = await queries.warehouse_ids(work.connection, ctx.tenant.id)
        items = list((await queries.items_page(work.connection, ctx.tenant.id, queries.ItemFilter())).items)
        barcodes = await queries.barcodes_of(work.connection, ctx.tenant.id, [each.id for each in items])
        limits = await queries.limits_of(work.connection, ctx.tenant.id, [each.id for each in items])
        rows = [imports.cells_of(each, barcodes.get(each.id, ()), limits, warehouses) for each in items]
        file = csvs.write(imports.columns_for(warehouses), rows)
        assert '"\'=Cup"' in file, "safe to open in a spreadsheet"
        assert await import_items(ctx, work, ItemFile(file)) == Written(0, 0, 3)


async def test_a_look_tells_what_each_line_would_do_and_does_nothing(ctx: Context) -> None:
    before = await facts(ctx)
    plate, cup, bad = await looked(ctx, "PLATE,Plate,,,,,222,5,40", "CUP,Tea cup,Kitchen,,,3,111,,", "BOWL,Bowl,,crate")
    assert (plate.outcome, plate.changes) == (
        "added", [Change("barcode", "", "222"), Change("min osh", "", "5"), Change("max osh", "", "40")],
    )  # fmt: skip
    assert (cup.outcome, cup.changes) == ("changed", [Change("name", "Cup", "Tea cup"), Change("price", "", "3")])
    assert (bad.outcome, bad.line, len(bad.complaints)) == ("refused", 4, 1)
    assert await take(ctx, "PLATE,Plate", "CUP,Tea cup", dry_run=True) == Written(1, 1, 0)
    assert await facts(ctx) == before


async def test_warehouses_whose_codes_a_header_cannot_tell_apart_have_no_columns(ctx: Context) -> None:
    async with ctx.writing() as work:
        await places_service.create_warehouse(ctx, work, places.NewWarehouse("Osh", "The other Osh"))
    with pytest.raises(Refused) as caught:
        await take(ctx, "CUP,1,2", header="sku,min osh,max osh")
    assert caught.value.refusal.code == "unknown_column"


async def test_as_many_rows_as_a_file_may_have_are_taken_over_at_once(ctx: Context) -> None:
    rows = [f"S{number},Thing {number},,,,1.5,9{number:06},1,5" for number in range(ROWS_MAX)]
    assert await take(ctx, *rows) == Written(ROWS_MAX, 0, 0)
    assert await take(ctx, *rows) == Written(0, 0, ROWS_MAX)


async def test_bob_may_not_and_carol_has_items_of_her_own(engine: AsyncEngine, world: World, ctx: Context) -> None:
    with pytest.raises(Refused) as caught:
        await take(world.bob.context(engine), "CUP,Mug", header="sku,name")
    assert caught.value.refusal.code == "not_allowed"
    carol = world.carol.context(engine)
    assert await take(carol, "CUP,Mug,111", header="sku,name,barcode") == Written(1, 0, 0)
    assert (await found(ctx, "CUP"))[0].name == "Cup"
