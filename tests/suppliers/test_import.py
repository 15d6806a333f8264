"""Offers from a file: all of them or none, with complaints by line."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text

from inventory.catalog import messages as catalog
from inventory.catalog import service as catalog_service
from inventory.catalog.messages import Money
from inventory.context import Context
from inventory.files import COMPLAINTS_MAX, ROWS_MAX
from inventory.suppliers import messages as m
from inventory.suppliers import queries, service
from inventory.suppliers.imports import COLUMNS, OfferFile, import_offers, rows_of
from inventory.suppliers.offers import Written
from inventory.suppliers.queries import OfferFilter, SupplierItem
from kit import csvs
from kit.errors import Refused
from kit.quantity import ONE

HEADER = ",".join(COLUMNS)


async def take(ctx: Context, *rows: str, header: str = HEADER, dry_run: bool = False) -> Written:
    async with ctx.writing() as work:
        return await import_offers(ctx, work, OfferFile("\n".join((header, *rows)), dry_run))


async def complaints(ctx: Context, *rows: str, header: str = HEADER) -> list[tuple[Any, ...]]:
    with pytest.raises(Refused) as caught:
        await take(ctx, *rows, header=header)
    assert caught.value.refusal.code == "file_refused"
    return [(error["line"], error["field"], error["code"]) for error in caught.value.refusal.errors]


async def offered(ctx: Context, code: str) -> list[SupplierItem]:
    async with ctx.reading() as connection:
        supplier = await queries.supplier_by_code(connection, ctx.tenant.id, code)
        assert supplier is not None
        return list((await queries.items_of_supplier(connection, ctx.tenant.id, supplier.id, OfferFilter())).items)


async def test_rows_become_offers(ctx: Context) -> None:
    written = await take(ctx, "A,CUP,K-1,case,2,4,95.50,USD,3,yes", "", "B,CUP,,,,,,,,", '"A","FLOUR","=1+1","sack","1","1","","","",""')
    assert written == Written(3, 0, 0)
    cup, flour = await offered(ctx, "A")
    assert (cup.offer.unit, cup.offer.pack, cup.offer.multiple, cup.offer.moq) == ("case", 12 * ONE, 2, 4)
    assert (cup.offer.price, cup.offer.currency, cup.own_lead_time_days, cup.offer.preferred) == (Decimal("95.5"), "USD", 3, True)
    assert (flour.offer.supplier_sku, flour.offer.pack, flour.offer.price, flour.offer.preferred) == ("=1+1", 50 * ONE, None, True)
    (other,) = await offered(ctx, "B")
    assert (other.offer.currency, other.offer.moq, other.offer.preferred) == ("USD", 1, False)


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (["Z,CUP"], [(2, "supplier", "unknown_supplier")]),
        (["A,NONE"], [(2, "sku", "unknown_item")]),
        (["A,"], [(2, "sku", "unknown_item")]),
        (["A,\x00", "\x00,CUP"], [(2, "sku", "unknown_item"), (3, "supplier", "unknown_supplier")]),
        (["A,CUP,,crate"], [(2, "unit", "unknown_unit")]),
        (["A,CUP,,,0"], [(2, "multiple", "out_of_range")]),
        (["A,CUP,,,two"], [(2, "multiple", "wrong_type")]),
        (["A,CUP,,,,,ten"], [(2, "price.amount", "not_an_amount")]),
        (["A,CUP,,,,,10,som"], [(2, "price.currency", "not_a_currency")]),
        (["A,CUP,,,,,,,soon"], [(2, "lead_time_days", "wrong_type")]),
        (["A,CUP,,,,,,,,maybe"], [(2, "preferred", "wrong_type")]),
        (["A,CUP", '"B","FLOUR","two\nlines"', "A,CUP"], [(3, "supplier_sku", "unprintable_text"), (5, "sku", "line_twice")]),
        (["A,CUP,,,,,,,,yes", "B,CUP,,,,,,,,yes"], [(3, "preferred", "preferred_twice")]),
        (["Z,NONE"], [(2, "supplier", "unknown_supplier"), (2, "sku", "unknown_item")]),
    ],
)
async def test_every_line_that_does_not_fit_is_named_and_nothing_is_done(ctx: Context, rows: list[str], told: list[Any]) -> None:
    assert await complaints(ctx, *rows) == told
    assert await offered(ctx, "A") == await offered(ctx, "B") == []


async def test_what_was_put_away_is_not_offered(ctx: Context) -> None:
    async with ctx.writing() as work:
        await catalog_service.archive_item(ctx, work, "FLOUR")
        await service.archive_supplier(ctx, work, "B")
    assert await complaints(ctx, "B,CUP", "A,FLOUR") == [(2, "supplier", "supplier_archived"), (3, "sku", "item_archived")]


async def test_complaints_end(ctx: Context) -> None:
    assert len(await complaints(ctx, *(f"A,N{number}" for number in range(COMPLAINTS_MAX * 2)))) == COMPLAINTS_MAX


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("", "no_header"),
        ("\n", "no_header"),
        (HEADER, "no_rows"),
        (HEADER + "\n,,,\n", "no_rows"),
        ("supplier,article\nA,CUP", "unknown_column"),
        ("supplier,sku,sku\nA,CUP,CUP", "column_twice"),
        ("sku\nCUP", "column_missing"),
        ('supplier,sku\n"A,CUP', "not_csv"),
        ("supplier,sku\nA,CUP,more", "not_csv"),
        ("supplier,sku\n" + "A,CUP\n" * (ROWS_MAX + 1), "too_many_rows"),
        (HEADER + "\n" + "я" * 200_001, "file_too_large"),
    ],
)
async def test_a_file_that_cannot_be_read_says_why(ctx: Context, content: str, code: str) -> None:
    with pytest.raises(Refused) as caught:
        async with ctx.writing() as work:
            await import_offers(ctx, work, OfferFile(content))
    assert caught.value.refusal.code == code


async def test_files_of_other_spreadsheets_read_the_same(ctx: Context) -> None:
    assert await take(ctx, "A;CUP;95,5;да", header="\ufeffSupplier;SKU;Price;Preferred") == Written(1, 0, 0)
    assert await take(ctx, "A\tCUP\t95.50\tyes\r", header="supplier\tsku\tprice\tpreferred\r") == Written(0, 0, 1)


async def test_what_was_taken_out_changes_nothing_when_put_back(ctx: Context) -> None:
    await take(ctx, "A,CUP,-7,case,2,4,95.50,USD,3,yes", "B,CUP,+49 1,,,,1234.567891,USD,0,no", "A,FLOUR,@x,,,,,,,")
    file = csvs.write(COLUMNS, rows_of([*await offered(ctx, "A"), *await offered(ctx, "B")]))
    assert '"\'@x"' in file, "safe to open in a spreadsheet"
    async with ctx.writing() as work:
        assert await import_offers(ctx, work, OfferFile(file)) == Written(0, 0, 3)


async def test_a_dry_run_says_what_would_be_done_and_does_nothing(ctx: Context) -> None:
    await take(ctx, "A,CUP,K-1")
    assert await take(ctx, "A,CUP,K-2", "B,CUP,,,,,,,,yes", dry_run=True) == Written(1, 1, 0)
    assert [each.offer.supplier_sku for each in await offered(ctx, "A")] == ["K-1"]
    assert await offered(ctx, "B") == []
    async with ctx.reading() as connection:
        facts = await connection.execute(text("SELECT count(*) FROM facts WHERE name = 'supplier_item_set'"))
        assert facts.scalar_one() == 1


async def test_a_file_moves_the_preference(ctx: Context) -> None:
    await take(ctx, "A,CUP", "B,CUP")
    assert [each.offer.preferred for code in ("A", "B") for each in await offered(ctx, code)] == [True, False]
    await take(ctx, "A,CUP,K-1", "B,CUP,,,,,,,,yes")
    assert [each.offer.preferred for code in ("A", "B") for each in await offered(ctx, code)] == [False, True]
    await take(ctx, "B,CUP,,,,,,,,no")
    assert [each.offer.preferred for code in ("A", "B") for each in await offered(ctx, code)] == [False, False]


async def test_prices_by_quantity_stay_and_do_not_change_their_currency(ctx: Context) -> None:
    async with ctx.writing() as work:
        new = m.NewOffer(sku="CUP", price=Money("10", "USD"), breaks=[m.PriceBreak(10, "9")])
        await service.add_item(ctx, work, "A", new)
    assert await complaints(ctx, "A,CUP") == [(2, "price", "has_breaks")]
    assert await complaints(ctx, "A,CUP,,,,,10,EUR") == [(2, "price", "has_breaks")]
    assert await take(ctx, "A,CUP,,,,,11,USD") == Written(0, 1, 0)
    (cup,) = await offered(ctx, "A")
    assert (cup.offer.price, [each.price for each in cup.offer.breaks]) == (Decimal(11), [Decimal(9)])


async def test_a_large_file_is_one_round(ctx: Context) -> None:
    async with ctx.writing() as work:
        await catalog_service.create_items(ctx, work, [catalog.NewItem(f"S{number}", f"Thing {number}") for number in range(ROWS_MAX)])
    assert await take(ctx, *(f"A,S{number},,,,,1.5" for number in range(ROWS_MAX))) == Written(ROWS_MAX, 0, 0)
