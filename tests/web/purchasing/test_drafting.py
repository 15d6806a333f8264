"""Drafting an order: line by line, by any code, with what was typed kept whatever happens."""

from __future__ import annotations

import pytest

from tests.web.purchasing.conftest import Buying, said


async def test_asks_for_supplier_and_warehouse_first(buying: Buying) -> None:
    assert "Choose items" in await buying.page("/new")
    assert "Add an item" in await buying.page("/new?supplier=acme&warehouse=osh")


async def test_adds_an_item_by_any_of_its_codes_as_the_supplier_sells_it(buying: Buying) -> None:
    for code in ("HEART", "2100000000012", "A-17", "hanging"):
        form = {"supplier": "acme", "warehouse": "osh", "currency": "KGS", "add": code}
        shown = await said(await buying.browser.post(f"{buying.at}/new", form))
        assert 'name="sku_0" value="HEART"' in shown and 'value="2"' in shown, code
        assert '<option value="case" selected>' in shown and 'placeholder="120.00"' in shown
        assert "at least 2" in shown


async def test_lists_what_may_be_meant_and_says_when_nothing_is(buying: Buying) -> None:
    form = {"supplier": "acme", "warehouse": "osh", "currency": "KGS", "sku_0": "WAX", "qty_0": "1,5", "note": "Fragile"}
    several = await said(await buying.browser.post(f"{buying.at}/new", form | {"add": "r"}))
    assert "choose one of them" in several and 'name="choose" value="HEART"' in several and 'name="choose" value="RIBBON"' in several
    assert 'value="1,5"' in several and 'value="Fragile"' in several
    nothing = await said(await buying.browser.post(f"{buying.at}/new", form | {"add": "zzz"}))
    assert "There is no item zzz." in nothing
    found = await buying.page("/items?supplier=acme&q=hea")
    assert 'value="HEART"' in found and "A-17" in found and "<html" not in found


async def test_the_price_list_counts_unless_another_price_was_typed(buying: Buying) -> None:
    listed = await buying.drafted("12", unit_0="case", price_0="")
    typed = await buying.drafted("12", unit_0="case", price_0="99.5")
    assert [str((await buying.order(each)).lines[0].line.price.normalize()) for each in (listed, typed)] == ["1E+2", "99.5"]
    assert (await buying.order(listed)).lines[0].line.ordered == 144_000_000


@pytest.mark.parametrize(
    ("wrong", "field", "words"),
    [
        ({"qty_0": "many"}, "qty_0", "A quantity is a plain number"),
        ({"qty_0": "0"}, "qty_0", "above zero"),
        ({"unit_0": "pallet"}, "unit_0", "There is no unit pallet."),
        ({"price_0": "dear"}, "price_0", "An amount is a plain number"),
        ({"expected_on_0": "soon"}, "expected_on_0", "A date is written as"),
        ({"expected_on": "soon"}, "expected_on", "A date is written as"),
        ({"sku_0": ""}, "add", "This is needed."),
    ],
)
async def test_refuses_beside_the_field_and_keeps_what_was_typed(buying: Buying, wrong: dict[str, str], field: str, words: str) -> None:
    form = {"supplier": "acme", "warehouse": "osh", "currency": "KGS", "sku_0": "HEART", "qty_0": "3", "unit_0": "pcs", "note": "Fragile"}
    response = await buying.browser.post(f"{buying.at}/new", form | wrong)
    shown = await said(response)
    assert response.status_code == 422
    assert f'id="e-{field}"' in shown
    assert words in shown and 'value="Fragile"' in shown
    assert "No orders yet" in await buying.page()


async def test_changes_a_draft_unless_somebody_else_did_meanwhile(buying: Buying) -> None:
    number = await buying.drafted()
    shown = await buying.page(f"/orders/{number}/edit")
    assert 'value="9.5"' in shown and 'name="version" value="1"' in shown
    form = {"sku_0": "HEART", "qty_0": "7", "unit_0": "pcs", "sku_3": "WAX", "qty_3": "2", "currency": "KGS", "version": "1"}
    assert (await buying.does(number, "edit", **form)).status_code == 303
    assert [line.line.qty for line in (await buying.order(number)).lines] == [7_000_000, 2_000_000]
    again = await buying.does(number, "edit", **form)
    assert again.status_code == 409 and "Somebody else changed it" in await said(again)


async def test_a_draft_sent_twice_is_one_order(buying: Buying) -> None:
    numbers = {await buying.drafted(_key="one-key") for _ in range(2)}
    assert len(numbers) == 1


async def test_puts_a_draft_forward_from_where_it_is_typed(buying: Buying) -> None:
    number = await buying.drafted(then="submit")
    assert await buying.status(number) == "submitted"
    assert (await buying.browser.get(f"{buying.at}/orders/{number}/edit")).status_code == 409
