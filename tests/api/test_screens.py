"""What the screens read of stock: totals, states, shortages, the level of the last days, who holds what."""

from __future__ import annotations

from itertools import pairwise

from quart import Quart
from sqlalchemy.ext.asyncio import AsyncEngine

from inventory.catalog import queries as catalog
from inventory.context import Context
from inventory.ledger import history, queries
from inventory.ledger.queries import LevelFilter
from inventory.reservations import queries as reservations
from kit.clock import SECOND, rfc3339
from kit.quantity import ONE
from tests.api.conftest import Client, MovingClock, line

DAY = 86_400 * SECOND


def context(alice: Client, engine: AsyncEngine, clock: MovingClock) -> Context:
    return alice.who.context(engine, clock=clock)


async def test_pieces_and_metres_are_never_added_together(alice: Client, engine: AsyncEngine, clock: MovingClock) -> None:
    await alice.received("10")
    await alice.received("5", warehouse="main")
    await alice.received("2.5", "ROPE")
    await alice.reserved("4")
    ctx = context(alice, engine, clock)
    async with ctx.reading() as connection:
        everywhere = await queries.totals(connection, ctx.tenant.id, clock())
        in_osh = await queries.totals(connection, ctx.tenant.id, clock(), "osh")
    assert [(t.unit, t.on_hand, t.reserved, t.available) for t in everywhere] == [
        ("m", 5 * ONE // 2, 0, 5 * ONE // 2),
        ("pcs", 15 * ONE, 4 * ONE, 11 * ONE),
    ]
    assert [(t.unit, t.on_hand) for t in in_osh] == [("m", 5 * ONE // 2), ("pcs", 10 * ONE)]


async def test_an_item_is_as_bad_as_its_worst_warehouse(alice: Client, engine: AsyncEngine, clock: MovingClock) -> None:
    await alice.post("inventory/items", {"sku": "NEW", "name": "Never in stock"})
    await alice.received("10")
    await alice.received("50", warehouse="main")
    await alice.post("inventory/items/CUP/limits", {"warehouse": "osh", "min": "12", "max": "40"})
    await alice.received("3", "ROPE")
    ctx = context(alice, engine, clock)
    async with ctx.reading() as connection:
        listed = await queries.item_levels(connection, ctx.tenant.id, clock(), LevelFilter())
        low = await queries.item_levels(connection, ctx.tenant.id, clock(), LevelFilter(state="low"))
        only_main = await queries.item_levels(connection, ctx.tenant.id, clock(), LevelFilter(warehouse="main"))
        counts = await queries.states(connection, ctx.tenant.id, clock(), LevelFilter())
        short = await queries.shortages(connection, ctx.tenant.id, clock())
    assert [(row.sku, row.state, row.state_in) for row in listed.items] == [
        ("CUP", "low", "Osh"),
        ("NEW", "out", ""),
        ("ROPE", "ok", "Osh"),
    ]
    assert [cell.warehouse for cell in listed.items[0].cells] == ["main", "osh"]
    assert [row.sku for row in low.items] == ["CUP"]
    assert [row.sku for row in only_main.items] == ["CUP"]
    assert counts == {"out": 1, "low": 1, "coming": 0, "over": 0, "ok": 1}
    assert [(cell.sku, cell.warehouse, cell.qty_max) for cell in short] == [("CUP", "osh", 40 * ONE)]


async def test_a_late_note_changes_the_day_it_belongs_to(alice: Client, engine: AsyncEngine, clock: MovingClock) -> None:
    now = clock()
    await alice.post("stock/receive", {"lines": [line("10")], "effective_at": rfc3339(now - 40 * DAY)})
    await alice.post("stock/receive", {"lines": [line("5")], "effective_at": rfc3339(now - 3 * DAY)})
    await alice.post("stock/issue", {"lines": [line("2")]})
    ctx = context(alice, engine, clock)
    async with ctx.reading() as connection:
        week = await history.series(connection, ctx.tenant.id, clock(), 7, "Asia/Bishkek")
        month = await history.series(connection, ctx.tenant.id, clock(), 30, "Asia/Bishkek", "osh")
        nowhere = await history.series(connection, ctx.tenant.id, clock(), 30, "Asia/Bishkek", "main")
    assert [each.unit for each in week] == ["pcs"]
    points = week[0].points
    assert 24 <= len(points) <= 29
    assert [points[0].on_hand, points[-1].on_hand] == [10 * ONE, 13 * ONE]
    assert max(point.on_hand for point in points) == 15 * ONE
    assert all(point.at_us < following.at_us for point, following in pairwise(points))
    assert 30 <= len(month[0].points) <= 31
    assert nowhere == []


async def test_who_holds_it_and_until_when(alice: Client, engine: AsyncEngine, clock: MovingClock) -> None:
    await alice.received("20")
    await alice.reserved("1", expires_in=60, reference="CART-1")
    await alice.reserved("2", expires_in=600, reference="SO-118")
    await alice.reserved("3", hold="hard", reference="SO-121")
    await alice.reserved("4", expires_in=7200)
    clock.ahead_us = 61 * SECOND
    ctx = context(alice, engine, clock)
    async with ctx.reading() as connection:
        cup = await catalog.item(connection, ctx.tenant.id, "CUP")
        assert cup is not None
        held = await reservations.open_holds(connection, ctx.tenant.id, clock(), cup.id)
        counts = await reservations.counted(connection, ctx.tenant.id, clock())
    assert [(hold.reference, hold.open // ONE, hold.hard) for hold in held] == [("SO-118", 2, False), ("", 4, False), ("SO-121", 3, True)]
    assert held[0].left_us is not None
    assert 500 * SECOND < held[0].left_us < 540 * SECOND
    assert held[2].left_us is None
    assert (counts.active, counts.firm, counts.ending) == (3, 1, 1)


async def test_the_ledger_in_words(alice: Client, app: Quart, engine: AsyncEngine, clock: MovingClock) -> None:
    await alice.received("3")
    ctx = context(alice, engine, clock)
    async with ctx.reading() as connection:
        page = await history.rows(connection, ctx.tenant.id, history.LedgerFilter(limit=5))
    row = (await history.name_rows(engine, ctx.tenant.id, page.items))[0]
    assert (row.item.name, row.warehouse.name, row.kind, row.by, row.role) == ("Tea cup", "Osh", "receive", "Alice's key", "admin")
