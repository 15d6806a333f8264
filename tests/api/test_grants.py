"""Somebody who is limited to some warehouses: the others are not there for them, whichever way they ask."""

from __future__ import annotations

from typing import Any

import pytest
from quart import Quart

from kit.errors import Refused
from tenants.domain import Role
from tests.api.conftest import BOTH_EDGES, Client, line
from tests.people import World, hire, limit

pytestmark = BOTH_EDGES


@pytest.fixture
async def dora(app: Quart, world: World) -> Client:
    """The program of a manager of Osh only."""
    people = app.extensions["onhand"].people
    person = await hire(people, world.alice, "Dora", Role.MANAGER)
    await limit(people, world.alice, "Dora's key", "osh")
    return Client(app, person)


async def stocked(alice: Client) -> None:
    """Ten cups in Osh, twenty in the main warehouse."""
    await alice.received("10", warehouse="osh")
    await alice.received("20", warehouse="main")


async def test_sees_the_stock_of_her_warehouse_and_sums_no_other(alice: Client, dora: Client) -> None:
    await stocked(alice)
    assert [each["warehouse"] for each in (await dora.get("stock/levels?sku=CUP")).body["items"]] == ["osh"]
    found = (await dora.get("stock/levels/CUP")).body
    assert (found["on_hand"], [each["warehouse"] for each in found["warehouses"]]) == ("10", ["osh"])
    assert [each["code"] for each in (await dora.get("inventory/warehouses")).body["items"]] == ["osh"]
    assert (await dora.get("inventory/warehouses/main")).status == 404
    assert (await dora.get("stock/levels?warehouse=main")).body["items"] == []
    assert {each["warehouse"] for each in (await dora.get("stock/ledger")).body["items"]} == {"osh"}


async def test_moves_stock_there_and_nowhere_else(alice: Client, dora: Client) -> None:
    await stocked(alice)
    assert (await dora.post("stock/issue", {"lines": [line("1")]})).status == 200
    hidden = await dora.post("stock/issue", {"lines": [line("1", warehouse="main")]})
    absent = await dora.post("stock/issue", {"lines": [line("1", warehouse="moon")]})
    assert (hidden.status, hidden.code) == (absent.status, absent.code) == (404, "unknown_warehouse")
    for verb in ("receive", "reserve"):
        assert (await dora.post(f"stock/{verb}", {"lines": [line("1"), line("1", warehouse="main")]})).status == 404
    away = {"from": "osh", "to": "main", "lines": [{"sku": "CUP", "qty": "1"}]}
    assert (await dora.post("stock/transfer", away)).status == 404
    assert (await alice.get("stock/levels?warehouse=main")).body["items"][0]["on_hand"] == "20"


@pytest.mark.parametrize(
    ("verb", "more"), [("commit", {}), ("release", {}), ("extend", {"expires_in": 60}), ("harden", {}), ("commit", {"lines": [line("1")]})]
)
async def test_does_not_touch_a_reservation_that_reaches_elsewhere(alice: Client, dora: Client, verb: str, more: Any) -> None:
    await stocked(alice)
    said = await alice.post("stock/reserve", {"lines": [line("1"), line("1", warehouse="main")]})
    body = {"reservation": said.body["reservation"]["id"], **more}
    refused = await dora.post(f"stock/{verb}", body)
    assert (refused.status, refused.code) == (404, "reservation_not_found")
    own = await alice.reserved("1")
    assert (await dora.post(f"stock/{verb}", {**body, "reservation": own["id"]})).status == 200


async def test_does_not_take_in_what_goes_elsewhere(alice: Client, dora: Client) -> None:
    await stocked(alice)
    sent = {"lines": [{"sku": "CUP", "qty": "1"}]}
    away = (await alice.post("stock/transfer", {"from": "osh", "to": "main", **sent})).body["transfer"]["id"]
    here = (await alice.post("stock/transfer", {"from": "main", "to": "osh", **sent})).body["transfer"]["id"]
    for verb in ("receive", "write-off"):
        refused = await dora.post(f"stock/transfer/{verb}", {"transfer": away, "reason": "lost"})
        assert (refused.status, refused.code) == (404, "transfer_not_found")
    assert (await dora.post("stock/transfer/receive", {"transfer": here})).status == 200


async def test_decides_nothing_that_concerns_the_whole_company(dora: Client) -> None:
    assert (await dora.post("inventory/items", {"sku": "NEW", "name": "New"})).status == 403
    assert (await dora.post("inventory/warehouses", {"code": "new", "name": "New"})).status == 403
    assert "catalog.write" not in (await dora.get("me")).body["permissions"]


async def test_is_limited_at_once_and_let_in_again_at_once(alice: Client, dora: Client, app: Quart, world: World) -> None:
    people = app.extensions["onhand"].people
    await stocked(alice)
    await limit(people, world.alice, "Dora's key")
    assert len((await dora.get("stock/levels?sku=CUP")).body["items"]) == 2
    await limit(people, world.alice, "Dora's key", "main")
    assert [each["warehouse"] for each in (await dora.get("stock/levels?sku=CUP")).body["items"]] == ["main"]


async def test_the_last_admin_is_not_limited(alice: Client, world: World) -> None:
    with pytest.raises(Refused) as refused:
        await limit(world.people, world.alice, "Alice", "osh")
    assert refused.value.refusal.code == "last_admin"
    assert (await alice.get("me")).body["warehouses"] is None


async def test_says_me_which_warehouses_they_are(dora: Client, alice: Client) -> None:
    assert (await dora.get("me")).body["warehouses"] == ["osh"]
    assert (await alice.get("me")).body["warehouses"] is None
