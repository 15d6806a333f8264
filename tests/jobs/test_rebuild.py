"""`onhand verify --resume SLUG --rebuild` makes anew what is made of the rows, and touches nothing when the rows are at fault…"""

from __future__ import annotations

import asyncio
import json
from argparse import Namespace
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from actors.local import LocalEngine
from app.settings import Settings
from app.verify import main
from inventory.context import Halted
from inventory.ledger.messages import Arrive, Line, PartLine, Receive, Release, Reserve
from kit.clock import SECOND
from tests.actors.conftest import ONE, Company, found
from tests.conftest import Database
from tests.jobs.conftest import Books, _home

MINE = "WHERE tenant_id = $tenant"
BALANCE = f"UPDATE stock_balances SET on_hand = on_hand + 1000000 {MINE} AND on_hand > 50000000"
RESERVED = f"UPDATE stock_balances SET reserved = reserved - 1000000 {MINE} AND reserved > 0"
SHORT = f"UPDATE stock_balances SET short = short + 1 {MINE}"
VERSION = f"UPDATE stock_balances SET version = version + 5, seq = seq + 1 {MINE} AND on_hand > 50000000"
IN_TRANSIT = f"UPDATE stock_balances SET in_transit = in_transit + 1 {MINE} AND in_transit > 0"
NO_BALANCE = f"DELETE FROM stock_balances {MINE}"
INVENTED_BALANCE = f"""
INSERT INTO stock_balances (tenant_id, item_id, warehouse_id, part, on_hand, reserved, blocked, in_transit, short, version, seq)
SELECT tenant_id, max(id), (SELECT min(id) FROM warehouses {MINE}), 0, 7, 0, 0, 0, 0, 3, 3 FROM items {MINE} GROUP BY 1"""
BUCKET = f"UPDATE stock_buckets SET qty = qty + 1 {MINE} AND location_id = 7"
NO_BUCKETS = f"DELETE FROM stock_buckets {MINE}"
INVENTED_BUCKET = f"""
INSERT INTO stock_buckets (tenant_id, item_id, warehouse_id, location_id, lot_id, owner_id, condition, qty, pinned)
SELECT tenant_id, item_id, warehouse_id, 99, 0, 0, 0, 5, 5 FROM stock_buckets {MINE} AND location_id = 7"""
OPEN = f"UPDATE stock_holds SET open = open - 1000000, released = released + 1000000 {MINE} AND open > 1000000"
PAST = f"UPDATE stock_holds SET committed = committed - 1, expired = expired + 1 {MINE} AND committed > 0"
NO_LINE = f"DELETE FROM stock_holds {MINE} AND line = 1"
NO_HOLDS = f"DELETE FROM stock_holds {MINE}"
INVENTED_HOLD = f"""
INSERT INTO stock_holds SELECT tenant_id, part, 1, 0, expires_at_us, created_at_us, qty, qty, 0, 0, 0, item_id, warehouse_id,
  location_id, lot_id, owner_id, created_by, hard, reference FROM stock_holds {MINE} LIMIT 1"""
WAY = f"UPDATE stock_transfers SET received = received + 1, open = open - 1 {MINE}"
NO_WAY = f"DELETE FROM stock_transfers {MINE}"

PLANTED = [
    # what is planted            how                   which tables are made anew
    ("a flipped balance",        (BALANCE,),           {"balance"}),
    ("a wrong reserved",         (RESERVED,),          {"balance"}),
    ("a wrong short",            (SHORT,),             {"balance"}),
    ("a wrong version",          (VERSION,),           {"balance"}),
    ("a wrong in transit",       (IN_TRANSIT,),        {"balance"}),
    ("all balances deleted",     (NO_BALANCE,),        {"balance"}),
    ("an invented balance",      (INVENTED_BALANCE,),  {"balance"}),
    ("a wrong bucket",           (BUCKET,),            {"bucket"}),
    ("all buckets deleted",      (NO_BUCKETS,),        {"bucket"}),
    ("an invented bucket",       (INVENTED_BUCKET,),   {"bucket"}),
    ("a hold's open part",       (OPEN,),              {"reservation"}),
    ("a hold's past",            (PAST,),              {"reservation"}),
    ("a hold's line deleted",    (NO_LINE,),           {"reservation"}),
    ("all holds deleted",        (NO_HOLDS,),          {"reservation"}),
    ("an invented hold",         (INVENTED_HOLD,),     {"reservation"}),
    ("a transfer's open part",   (WAY,),               {"transfer"}),
    ("all transfers deleted",    (NO_WAY,),            {"transfer"}),
    ("all of it",                (NO_BALANCE, NO_BUCKETS, NO_HOLDS, NO_WAY), {"balance", "bucket", "reservation", "transfer"}),
]  # fmt: skip
DERIVED = ("stock_balances", "stock_buckets", "stock_holds", "stock_transfers")
RESUMED = {"resume": True, "rebuild": True}


class Shop:
    """Books with a bit of everything in them, and what can be asked of them."""

    def __init__(self, books: Books, holds: list[int], transfer: int) -> None:
        self.books = books
        self.holds = holds
        self.transfer = transfer

    def resume(self, rebuild: bool = False) -> tuple[int, Any]:
        code, report = self.books.verify(resume=self.books.slug, rebuild=rebuild)
        return code, report["partitions"][0]

    def kept(self) -> dict[str, list[Any]]:
        """What is made of the rows."""
        return {table: self.rows(f"SELECT * FROM {table} {MINE} ORDER BY 1, 2, 3, 4, 5") for table in DERIVED}

    def rows(self, query: str) -> list[Any]:
        return asyncio.run(self._rows(query))

    def halted(self) -> bool:
        return bool(self.rows(f"SELECT 1 FROM stock_partitions {MINE} AND halted_rule IS NOT NULL"))

    def work(self) -> list[str]:
        """Codes of a few commands by a new owner, which reads everything anew: what is open is committed, what is left arrives."""
        return asyncio.run(self._work())

    async def _rows(self, query: str) -> list[Any]:
        connection = await asyncpg.connect(self.books.database.admin)
        try:
            return [dict(row) for row in await connection.fetch(query.replace("$tenant", str(self.books.tenant)))]
        finally:
            await connection.close()

    async def _work(self) -> list[str]:
        async with opened(self.books.database, self.books) as company:
            commands = [company.commit(self.holds[0]), company.release(self.holds[1]), company.arrive(self.transfer), company.reserve(1)]
            return [(await command).code for command in commands]


@asynccontextmanager
async def opened(database: Database, books: Books) -> AsyncIterator[Company]:
    """The company, by an engine of its own."""
    engine = LocalEngine(database.engine, lambda *_: None, lambda: None)
    desk = await engine.start()
    connection = await asyncpg.connect(database.admin)
    ids = [
        [row["id"] for row in await connection.fetch(f"SELECT id FROM {table} WHERE tenant_id = $1 ORDER BY id", books.tenant)]
        for table in ("items", "warehouses")
    ]
    await connection.close()
    yield Company(desk, books.tenant, ids[0], ids[1], database.engine, books.slug, _keys=iter(range(1_000, 2_000)))
    await engine.close()


async def write_story(database: Database, folder: Path) -> Shop:
    """Stock with and without location, a hold with pinned and plain lines, one committed in part, one ended, goods under way."""
    engine = LocalEngine(database.engine, lambda *_: None, lambda: None)
    company = await found(database, await engine.start())
    books = Books(database, folder, await _home(database, folder), company.tenant, company.slug)
    cup, osh, main_ = company.items[0], company.warehouses[0], company.warehouses[1]
    await company.receive(60)
    await company.submit(Receive(**company.head("", "bin"), lines=(Line(cup, osh, 20 * ONE, 7), Line(cup, osh, 4 * ONE, 0, 0, 0, 2))))
    lines = (Line(cup, osh, 8 * ONE), Line(cup, osh, 6 * ONE, 7), Line(company.items[1], osh, ONE))
    await company.receive(3, item=1)
    first = await company.submit(
        Reserve(**{**company.head("", "hold"), "reference": "SO-1"}, lines=lines, hard=False, expires_in_us=900 * SECOND)
    )
    second = await company.submit(Reserve(**company.head("", "firm"), lines=lines[:1], hard=True, expires_in_us=0))
    third = await company.reserve(5)
    assert first.hold and second.hold and third.hold
    await company.commit(first.hold.seq, 3)
    await company.submit(Release(**company.head("", "some"), reservation=first.hold.seq, lines=(PartLine(cup, osh, 2 * ONE, 7),)))
    await company.release(third.hold.seq)
    await company.adjust(-59)  # a count that leaves less than is promised
    await company.receive(70)
    sent = await company.ship(9)
    assert sent.transfer
    await company.submit(Arrive(**company.head("", "in"), transfer=sent.transfer.seq, lines=(PartLine(cup, main_, 4 * ONE, 9),)))
    await company.write_off(sent.transfer.seq, 1)
    await engine.close()
    await books.prove()
    await books.anchor()
    return Shop(books, [first.hold.seq, second.hold.seq], sent.transfer.seq)


@pytest.fixture
def shop(database: Database, tmp_path: Path) -> Shop:
    return asyncio.run(write_story(database, tmp_path))


@pytest.mark.parametrize(("what", "how", "tables"), PLANTED, ids=[each[0] for each in PLANTED])
def test_makes_anew_what_is_made_of_rows(shop: Shop, what: str, how: tuple[str, ...], tables: set[str]) -> None:
    before = shop.kept()
    shop.books.did(*how)
    planted = shop.kept()
    assert planted != before
    code, _ = shop.books.verify(deep=True)
    assert (code, shop.halted()) == (1, True), what

    code, dry = shop.resume()
    assert (code, dry["rebuild"]["done"], dry["rebuild"]["holds"]) == (1, False, True)
    assert {change["table"] for change in dry["rebuild"]["changes"]} == tables
    assert (shop.kept(), shop.halted()) == (planted, True)  # nothing was done

    code, told = shop.resume(rebuild=True)
    assert (code, told["rebuild"]["done"], told["rebuild"]["changes"]) == (0, True, dry["rebuild"]["changes"])
    assert not shop.halted()
    assert shop.books.verify(deep=True)[0] == 0
    _same_but_for_corrections(shop, before, told["rebuild"]["changes"])
    assert shop.work() == ["", "", "", ""]
    assert shop.books.verify(deep=True)[0] == 0


def _same_but_for_corrections(shop: Shop, before: dict[str, list[Any]], changes: list[Any]) -> None:
    """Everything is as it was; each balance that was wrong has a correction row after which it stands."""
    corrected = {(each["item_id"], each["warehouse_id"]) for each in changes if each["table"] == "balance"}
    rows = shop.rows(f"SELECT * FROM stock_ledger {MINE} AND kind = 11 ORDER BY seq")
    assert {(row["item_id"], row["warehouse_id"]) for row in rows} == corrected
    assert {(row["reason"], row["delta_on_hand"], row["delta_reserved"], row["role"]) for row in rows} <= {
        ("rebuilt from the ledger", 0, 0, 0)
    }
    after = shop.kept()
    for table in DERIVED:
        numbers = [{name: value for name, value in row.items() if name not in ("version", "seq")} for row in _made(after[table])]
        assert numbers == [{name: value for name, value in row.items() if name not in ("version", "seq")} for row in _made(before[table])]


def _made(rows: list[Any]) -> list[Any]:
    """Without what was invented: it stays as a row of nothing, for nothing is ever deleted that may be counted."""
    return [
        row for row in rows if any(row.get(name) for name in ("qty", "pinned", "on_hand", "reserved", "blocked", "in_transit", "short"))
    ]


def test_touches_nothing_when_rows_are_at_fault(shop: Shop) -> None:
    shop.books.did(BALANCE, f"UPDATE stock_ledger SET delta_on_hand = delta_on_hand + 1 {MINE} AND seq = 5")
    assert shop.books.verify(deep=True)[0] == 1
    planted = shop.kept()
    code, told = shop.resume(rebuild=True)
    assert (code, told["rebuild"], told["faults"][0]["rule"], told["faults"][0]["seq"]) == (1, None, "hash_chain", 5)
    assert (shop.kept(), shop.halted(), told["vouched_seq"]) == (planted, True, 0)
    assert shop.rows(f"SELECT 1 FROM stock_ledger {MINE} AND kind = 11") == []


def test_says_up_to_where_anchors_vouch(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    anchored = shop.rows(f"SELECT seq FROM stock_partitions {MINE}")[0]["seq"]
    assert shop.work() == ["", "", "", ""]
    shop.books.did(f"DELETE FROM stock_ledger {MINE} AND seq = {anchored + 2}")
    assert shop.books.verify(deep=True)[0] == 1
    code, told = shop.resume(rebuild=True)
    assert (code, told["vouched_seq"], shop.halted()) == (1, anchored, True)
    assert f"Anchors vouch for the rows up to #{anchored}." in _said(shop, capsys, resume=shop.books.slug, rebuild=True)[1]


def test_changes_nothing_where_more_than_can_be_listed_is_wrong_and_a_row_too(shop: Shop) -> None:
    """After fifty faults a proof names no more: the row at fault is found by the proof that comes before the commit."""
    rows = ", ".join(f"($tenant, 0, {seq}, 0, 1, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 0, 1, 1, '')" for seq in range(900, 960))
    columns = """tenant_id, part, seq, line, expires_at_us, qty, open, committed, released, expired, item_id, warehouse_id,
      location_id, lot_id, owner_id, created_by, hard, created_at_us, reference"""
    shop.books.did(f"INSERT INTO stock_holds ({columns}) VALUES {rows}", f"UPDATE stock_partitions SET head_hash = sha256('x') {MINE}")
    assert shop.books.verify(deep=True)[0] == 1
    planted = shop.kept()
    code, told = shop.resume(rebuild=True)
    assert (code, told["rebuild"]["done"], told["rebuild"]["holds"], shop.halted()) == (1, False, False, True)
    assert shop.kept() == planted


def test_gives_a_lost_hold_its_end_again(shop: Shop) -> None:
    """The rows do not say when it ends; the answers that people were given do."""
    before = shop.kept()["stock_holds"]
    shop.books.did(NO_HOLDS)
    shop.books.verify(deep=True)
    assert shop.resume(rebuild=True)[0] == 0
    assert shop.kept()["stock_holds"] == before


def test_makes_a_hold_firm_that_nobody_remembers(shop: Shop) -> None:
    shop.books.did(NO_HOLDS, f"DELETE FROM stock_replies {MINE}")
    shop.books.verify(deep=True)
    assert shop.resume(rebuild=True)[0] == 0
    assert {row["hard"] for row in shop.kept()["stock_holds"]} == {1}


def test_outranks_an_owner_that_still_believes_in_what_was(shop: Shop) -> None:
    asyncio.run(_while_an_owner_lives(shop))
    assert shop.books.verify(deep=True)[0] == 0


async def _while_an_owner_lives(shop: Shop) -> None:
    async with opened(shop.books.database, shop.books) as company:
        assert (await company.reserve(1)).code == ""
        await shop.books.ask(BALANCE)
        assert (await asyncio.to_thread(shop.books.verify, deep=True))[0] == 1
        with pytest.raises(Halted):
            await company.reserve(1)
        assert (await asyncio.to_thread(shop.resume, True))[0] == 0
        assert (await company.reserve(1)).code == ""


def test_leaves_a_fact_with_what_was_changed(shop: Shop) -> None:
    shop.books.did(BALANCE)
    shop.books.verify(deep=True)
    shop.resume()
    assert [row["name"] for row in shop.rows(f"SELECT name FROM facts {MINE} ORDER BY id")] == ["ledger_halted"]
    _, told = shop.resume(rebuild=True)
    facts = shop.rows(f"SELECT name, body FROM facts {MINE} ORDER BY id")
    assert [row["name"] for row in facts] == ["ledger_halted", "ledger_rebuilt", "ledger_resumed"]
    body = json.loads(facts[1]["body"])
    assert (body["changes"], body["told"]) == (len(told["rebuild"]["changes"]), told["rebuild"]["changes"])
    assert body["by"]


def test_tells_people_what_it_would_do_and_did(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    shop.books.did(BALANCE)
    shop.books.verify(deep=True)
    code, said = _said(shop, capsys, resume=shop.books.slug)
    assert code == 1
    assert f"the rows prove; `onhand verify --resume {shop.books.slug} --rebuild` would make anew from them (1):" in said
    code, said = _said(shop, capsys, resume=shop.books.slug, rebuild=True)
    assert code == 0
    assert "made anew from the rows (1):" in said
    assert "balance {'item_id':" in said


def test_leaves_alone_what_is_not_halted(shop: Shop) -> None:
    shop.books.did(BALANCE)
    planted = shop.kept()
    code, told = shop.resume(rebuild=True)
    assert (code, told["rebuild"], shop.kept()) == (1, None, planted)


def test_goes_with_resume_only(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    assert _said(shop, capsys, rebuild=True)[0] == 2


@pytest.mark.parametrize("table", ["stock_holds", "stock_transfers"])
def test_nobody_removes_a_document_of_a_partition_that_is_not_halted(shop: Shop, table: str) -> None:
    """Neither the engine nor who owns the tables."""
    before = shop.kept()
    for address in (shop.books.database.engine, shop.books.database.owner):
        with pytest.raises(asyncpg.PostgresError) as refused:
            asyncio.run(_as(address, shop.books.tenant, f"DELETE FROM {table}"))
        assert refused.value.sqlstate == "OH003"
    assert shop.kept() == before


async def _as(address: str, tenant: int, statement: str) -> None:
    connection = await asyncpg.connect(address)
    try:
        async with connection.transaction():
            await connection.execute("SELECT set_config('app.tenant_id', $1, true)", str(tenant))
            await connection.execute(statement)
    finally:
        await connection.close()


def _said(shop: Shop, capsys: pytest.CaptureFixture[str], **said: Any) -> tuple[int, str]:
    """Exit code and words."""
    args = Namespace(**{"tenant": None, "deep": False, "resume": None, "rebuild": False, "json": False, **said})
    code = main(shop.books.database.engine, Settings.from_env({"ONHAND_VAR": str(shop.books.folder)}), args)
    printed = capsys.readouterr()
    return code, printed.out + printed.err
