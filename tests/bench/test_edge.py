"""The edge's clients: they send real requests, look at every answer, and notice what is missing or comes twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import asyncpg
import orjson
import pytest
import pytest_asyncio

from db.engine import make_engine
from inventory.catalog import messages as catalog
from inventory.catalog import service as catalog_service
from inventory.ledger.messages import Kind
from loadtests.bench.edge import loops
from loadtests.bench.edge.readers import Ear, Reader
from loadtests.bench.edge.rest import Connection, posted
from tests.conftest import Database
from tests.people import Person
from tests.serving import Server, serving

pytestmark = pytest.mark.asyncio(loop_scope="module")
PLENTY = 100_000


@dataclass(frozen=True, slots=True)
class Place:
    """A real server, and Alice's shop as the clients are told of it: three items and plenty of each."""

    host: str
    port: int
    shop: dict[str, Any]
    alice: Person
    admin: str

    async def rows(self, kind: Kind) -> list[asyncpg.Record]:
        """What the ledger has of a kind."""
        connection = await asyncpg.connect(self.admin)
        try:
            return await connection.fetch(
                "SELECT seq, key FROM stock_ledger WHERE tenant_id = $1 AND kind = $2", self.alice.tenant.id, kind
            )
        finally:
            await connection.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def place(database: Database, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Place]:
    async with serving(database, tmp_path_factory.mktemp("var")) as server:
        alice = server.world.alice
        await _stock(server, database, alice)
        host, port = server.url.removeprefix("http://").split(":")
        yield Place(host, int(port), {"slug": alice.tenant.slug, "keys": [alice.key], "items": 3}, alice, database.admin)


async def _stock(server: Server, database: Database, alice: Person) -> None:
    engine = make_engine(database.app, pool_size=1)
    ctx = alice.context(engine)
    async with ctx.writing() as work:
        for number in (1, 2, 3):
            await catalog_service.create_item(ctx, work, catalog.NewItem(f"S{number}", f"Item {number}"))
    await engine.dispose()
    host, port = server.url.removeprefix("http://").split(":")
    lines = [{"sku": f"S{number}", "warehouse": "main", "qty": PLENTY} for number in (1, 2, 3)]
    assert await _post(host, int(port), alice, "receive", {"lines": lines}, "opening") == 200


async def _post(host: str, port: int, who: Person, verb: str, body: Any, key: str) -> int:
    connection = Connection(host, port)
    answered: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    request = posted(host, f"/v1/{who.tenant.slug}/stock/{verb}", who.key)(key, orjson.dumps(body))
    connection.ask(request, lambda status, answer: answered.set_result(status))
    status = await answered
    connection.close()
    return status


async def test_every_acknowledged_reservation_is_in_the_ledger_and_no_other(place: Place) -> None:
    before = {row["seq"] for row in await place.rows(Kind.RESERVE)}
    single = await loops.closed(place.host, place.port, 4, 0.2, shops=[place.shop], spread="uniform")
    bulk = await loops.closed(place.host, place.port, 2, 0.2, shops=[place.shop], spread="uniform", kind="bulk", each=5)
    piped = await loops.piped(place.host, place.port, 1, 0.2, 16, [place.shop], "hot")
    clocked = await loops.by_clock(place.host, place.port, 4, 0.3, 50, shops=[place.shop], spread="uniform")
    for seen in (single, bulk, piped, clocked):
        assert seen.done > 0 and seen.refused == {}
        assert len(seen.seqs) == seen.done + seen.warm
    assert clocked.done + clocked.unsent == 15
    acknowledged = [seq for seen in (single, bulk, piped, clocked) for seq in seen.seqs]
    rows = {row["seq"] for row in await place.rows(Kind.RESERVE)} - before
    assert sorted(acknowledged) == sorted(rows)


async def test_counts_what_was_refused_by_status_and_not_as_done(place: Place) -> None:
    stranger = {**place.shop, "keys": [place.alice.key[:-1] + ("A" if place.alice.key[-1] != "A" else "B")]}
    seen = await loops.by_clock(place.host, place.port, 2, 0.2, 50, shops=[stranger], spread="hot")
    assert (seen.done, seen.seqs, seen.refused) == (0, [], {"401": 10 - seen.unsent})


async def test_gives_up_what_found_no_connection_before_time_was_up(place: Place) -> None:
    seen = await loops.by_clock(place.host, place.port, 1, 0.2, 20_000, shops=[place.shop], spread="hot")
    assert seen.unsent > 0
    assert seen.done + seen.unsent + sum(seen.refused.values()) == 4_000


async def test_readers_of_both_kinds_hear_every_row_once(place: Place) -> None:
    ear = Ear()
    readers = [Reader(kind, place.shop["slug"], place.alice.key, ear, slow=False) for kind in ("sse", "ws")]
    await asyncio.gather(*[reader.open(place.host, place.port) for reader in readers])
    seen = await loops.by_clock(place.host, place.port, 2, 0.2, 50, shops=[place.shop], spread="uniform")
    await _until(lambda: all(reader.last >= max(seen.seqs) for reader in readers))
    for reader in readers:
        assert (reader.heard, reader.gaps, reader.doubles, reader.resyncs) == (len(seen.seqs), 0, 0, 0)
        assert reader.last - reader.first == len(seen.seqs) > 0
        reader.leave()
    assert ear.heard == len(ear.delays_us) == 2 * len(seen.seqs)
    assert min(ear.delays_us) > 0


async def test_readers_come_back_and_go_on_where_they_were(place: Place) -> None:
    readers = [Reader(kind, place.shop["slug"], place.alice.key, Ear(), slow=False) for kind in ("sse", "ws")]
    await asyncio.gather(*[reader.open(place.host, place.port) for reader in readers])
    for reader in readers:
        reader._line.close()  # type: ignore[union-attr]
    seen = await loops.by_clock(place.host, place.port, 2, 0.1, 50, shops=[place.shop], spread="uniform")
    await _until(lambda: all(reader.last >= max(seen.seqs) for reader in readers))
    for reader in readers:
        assert (reader.heard, reader.gaps, reader.doubles, reader.times_opened) == (len(seen.seqs), 0, 0, 2)
        reader.leave()


async def _until(true: Any) -> None:
    async with asyncio.timeout(10):
        while not true():  # noqa: ASYNC110 - what is waited for happens in protocols that tell nobody
            await asyncio.sleep(0.01)
