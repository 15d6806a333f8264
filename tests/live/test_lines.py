"""The live lines as browsers and tills have them: a real server, a real socket, the frames of `api.md`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx2
import orjson
import pytest
import pytest_asyncio
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from db.engine import make_engine
from tenants.domain import Role
from tests.conftest import Database
from tests.live.lines import feed, hear, lines, post, receive, say, some, till
from tests.people import hire, limit
from tests.serving import Server, serving, shop

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=["hypercorn", "uvicorn"])
async def one_server(request: pytest.FixtureRequest, database: Database, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    """A whole server, without Redis: it must do as well. One for all of this file."""
    async with serving(database, tmp_path_factory.mktemp("var"), server_name=request.param) as found:
        yield found


@pytest_asyncio.fixture(loop_scope="module")
async def server(one_server: Server, database: Database) -> AsyncIterator[Server]:
    """The server, with companies of this test alone."""
    engine = make_engine(database.app, pool_size=1)
    yield replace(one_server, world=await shop(engine, Role.OPERATOR))
    await engine.dispose()


async def test_a_browser_gets_hello_and_then_every_row_with_its_level(server: Server) -> None:
    alice = server.world.alice
    async with feed(server, alice) as events:
        hello = (await some(events, 1))[0]
        assert (hello["event"], hello["data"]) == ("hello", {"as_of_seq": 0})
        await receive(server, alice, 1)
        await post(server, alice, "stock/reserve", lines(1), "s")
        first, second = await some(events, 2)
    assert (first["id"], first["event"], second["event"]) == ("1", "stock.receive", "stock.reserve")
    assert first["data"]["sku"] == "CUP"
    assert first["data"]["delta_on_hand"] == "1"
    assert second["data"]["level"]["available"] == "0"


async def test_a_till_sends_stock_on_its_way_and_receives_it(server: Server) -> None:
    alice = server.world.alice
    await receive(server, alice, 3)
    async with till(server, alice, after=3) as line:
        await hear(line, "hello")
        body = {"from": "osh", "to": "main", "lines": [{"sku": "CUP", "qty": "2"}]}
        await say(line, op="do", id="c1", verb="transfer", key="t1", body=body)
        sent = await hear(line, "done")
        assert (sent["status"], sent["body"]["transfer"]["status"]) == (201, "in_transit")
        number = sent["body"]["transfer"]["id"]
        await say(line, op="do", id="c2", verb="transfer/receive", key="t2", body={"transfer": number})
        assert (await hear(line, "done"))["body"]["transfer"]["status"] == "received"
        await say(line, op="do", id="c3", verb="transfer/write-off", key="t3", body={"transfer": number, "reason": "late"})
        refused = await hear(line, "refused")
        assert (refused["status"], refused["problem"]["code"]) == (409, "transfer_closed")
        await say(line, op="do", id="c4", verb="reconcile", key="t4", body={})
        assert (await hear(line, "done"))["body"] == {"checked": 2, "drift": [], "corrections": []}


async def test_a_browser_that_comes_back_gets_exactly_what_it_missed(server: Server) -> None:
    """Worked example E33, without Redis."""
    alice = server.world.alice
    await receive(server, alice, 7)
    async with feed(server, alice, **{"Last-Event-ID": "2"}) as events:
        hello, *missed = await some(events, 6)
        assert hello["data"] == {"as_of_seq": 7}
        assert [event["id"] for event in missed] == ["3", "4", "5", "6", "7"]
        await receive(server, alice, 2, key="later")
        assert [event["id"] for event in await some(events, 2)] == ["8", "9"]


async def test_a_filter_shows_its_warehouse_and_kind_only(server: Server) -> None:
    alice = server.world.alice
    async with feed(server, alice, "?warehouse=main&kinds=receive,reserve") as events:
        await some(events, 1)
        await receive(server, alice, 2, "osh", "o")
        await receive(server, alice, 1, "main", "m")
        assert [event["data"]["warehouse"] for event in await some(events, 1)] == ["main"]


async def test_a_browser_hears_that_an_order_has_changed_without_an_id(server: Server) -> None:
    """Whoever may not see orders, or asked for something else, hears of the goods alone."""
    alice, bob = server.world.alice, server.world.bob
    await post(server, alice, "inventory/suppliers", {"code": "acme", "name": "Acme"}, "supplier")
    body = {"supplier": "acme", "warehouse": "osh", "lines": [{"sku": "CUP", "qty": "5"}]}
    async with feed(server, alice) as events, feed(server, bob) as operators, feed(server, alice, "?kinds=receive") as filtered:
        for each in (events, operators, filtered):
            await some(each, 1)
        number = (await post(server, alice, "purchasing/orders", body, "draft")).json()["number"]
        for verb in ("submit", "approve"):
            await post(server, alice, f"purchasing/orders/{number}/{verb}", {}, verb)
        await post(server, alice, f"purchasing/orders/{number}/receive", {}, "receive")
        told = await some(events, 4)
        others = [(await some(each, 1))[0] for each in (operators, filtered)]
    assert [(event["event"], event.get("id")) for event in told] == [*[("order.changed", None)] * 3, ("stock.receive", "1")]
    assert {event["data"].get("order") or event["data"]["reference"] for event in told} == {number}
    assert [event["event"] for event in others] == ["stock.receive"] * 2


async def test_numbers_that_no_row_has_are_refused_or_resynced(server: Server) -> None:
    alice = server.world.alice
    await receive(server, alice, 1)
    async with httpx2.AsyncClient(base_url=server.url) as client:
        for wrong in ("-1", "abc", "1.5", "9" * 30):
            said = await client.get(f"/v1/{alice.tenant.slug}/events", headers={**alice.bearer, "Last-Event-ID": wrong})
            assert said.status_code == 400, wrong
    async with feed(server, alice, "?after=999999") as events:
        _, resync = await some(events, 2)
        assert (resync["event"], resync["data"]) == ("resync", {"as_of_seq": 1})
        await receive(server, alice, 1, key="after")
        assert [event["id"] for event in await some(events, 1)] == ["2"]


async def test_a_stranger_hears_nothing(server: Server) -> None:
    alice, carol = server.world.alice, server.world.carol
    async with feed(server, carol) as events, till(server, carol, after=0) as line:
        await some(events, 1)
        await hear(line, "hello")
        await receive(server, alice, 3)
        await receive(server, carol, 1, "main", "hers")
        event, frame = (await some(events, 1))[0], await hear(line)
    assert (event["id"], event["data"]["warehouse"], frame["seq"]) == ("1", "main", 1)
    async with httpx2.AsyncClient(base_url=server.url) as client:
        assert (await client.get(f"/v1/{alice.tenant.slug}/events", headers=carol.bearer)).status_code == 404
    with pytest.raises(InvalidStatus) as caught:
        await connect(f"{server.live_url}/v1/{alice.tenant.slug}/live", additional_headers=carol.bearer)
    assert caught.value.response.status_code == 404


async def test_who_is_limited_to_warehouses_hears_of_no_other(server: Server) -> None:
    alice, people = server.world.alice, server.world.people
    dora = await hire(people, alice, "Dora", Role.MANAGER)
    await limit(people, alice, "Dora's key", "main")
    await receive(server, alice, 1, "osh", "before")
    async with feed(server, dora, "?after=0") as events, till(server, dora, after=0, warehouses=["osh", "main"]) as line:
        await some(events, 1)
        await hear(line, "hello")
        await receive(server, alice, 2, "osh", "hidden")
        await receive(server, alice, 1, "main", "shown")
        event, frame = (await some(events, 1))[0], await hear(line)
    assert (event["data"]["warehouse"], frame["data"]["warehouse"], frame["seq"]) == ("main", "main", 4)


async def test_a_till_commands_and_follows(server: Server) -> None:
    bob = server.world.bob
    await receive(server, server.world.alice, 5)
    async with till(server, bob, after=3, warehouses=["osh"], skus=None, device="till-3") as line:
        assert await hear(line) == {"op": "hello", "as_of_seq": 5}
        assert [(await hear(line))["seq"] for _ in range(2)] == [4, 5]
        await say(line, op="do", id="c1", verb="reserve", key="till-3:1", body=lines("4"))
        await say(line, op="do", id="c2", verb="reserve", key="till-3:2", body=lines("4"))
        frames = [await hear(line) for _ in range(3)]
        done = next(frame for frame in frames if frame["op"] == "done")
        refused = next(frame for frame in frames if frame["op"] == "refused")
        event = next(frame for frame in frames if frame["op"] == "event")
        assert (done["id"], done["status"], done["body"]["levels"][0]["available"]) == ("c1", 201, "1")
        assert (refused["id"], refused["status"], refused["problem"]["code"]) == ("c2", 409, "insufficient_stock")
        assert (event["seq"], event["event"], event["data"]["key"]) == (6, "stock.reserved", "till-3:1")
        await say(line, op="ping")
        assert await hear(line, "pong") == {"op": "pong", "as_of_seq": 6}
    over_http = await post(server, bob, "stock/reserve", lines("4"), "till-3:1")
    assert over_http.json() == done["body"], "a command is the same however it came"
    assert over_http.headers["Idempotent-Replayed"] == "true"


async def test_a_till_sends_many_at_once(server: Server) -> None:
    await receive(server, server.world.alice, 1)
    async with till(server, server.world.bob) as line:
        for number in range(200):
            await say(line, op="do", id=number, verb="reserve", key=f"many:{number}", body=lines("1"))
        statuses = [(await hear(line))["status"] for _ in range(200)]
        assert (statuses.count(201), statuses.count(409)) == (1, 199)
        commands = [{"verb": "reserve", "key": "many:0", "body": lines("1")}, {"verb": "fly", "key": "x", "body": {}}]
        await say(line, op="batch", id="b7", commands=commands)
        batch = await hear(line, "done")
        assert (batch["id"], [result["status"] for result in batch["results"]]) == ("b7", [201, 404])


async def test_frames_that_make_no_sense_are_refused_and_the_line_stays(server: Server) -> None:
    async with till(server, server.world.bob) as line:
        wrong: tuple[Any, ...] = (
            "{",
            "[]",
            '"hello"',
            '{"op":"fly"}',
            '{"op":1}',
            '{"op":"hello","after":-1}',
            '{"op":"hello","after":true}',
            '{"op":"hello","warehouses":"osh"}',
            '{"op":"do","id":"a"}',
            '{"op":"do","id":"a","verb":"reserve","body":{}}',
            '{"op":"do","id":"a","verb":"reserve","key":"","body":{}}',
            '{"op":"do","op":"ping"}',
            '{"op":"batch","commands":[]}',
            '{"op":"batch","commands":[1]}',
            b"\x00\xff",
        )
        for frame in wrong:
            await line.send(frame)
            said = await hear(line)
            assert said["op"] == "refused", frame
            assert said["status"] in (400, 422), frame
            assert said["problem"]["code"]
        await say(line, op="ping")
        assert (await hear(line))["op"] == "pong"


async def test_a_till_may_cut_its_frames_and_ping_between_them(server: Server) -> None:
    await receive(server, server.world.alice, 1)
    whole = orjson.dumps({"op": "do", "id": "cut", "verb": "reserve", "key": "cut:1", "body": lines("1")}).decode()
    async with till(server, server.world.bob) as line:
        await say(line, op="do", id="first", verb="reserve", key="cut:0", body=lines("1"))
        pong = await line.ping()
        await line.send([whole[:20], whole[20:50], whole[50:]])
        await line.send(whole.replace("cut:1", "cut:2").encode())
        said = [await hear(line) for _ in range(3)]
        assert sorted((frame["id"], frame["status"]) for frame in said) == [("cut", 409), ("cut", 409), ("first", 201)]
        async with asyncio.timeout(10):
            await pong


async def test_commands_of_a_burst_are_done_in_their_order(server: Server) -> None:
    await receive(server, server.world.alice, 10)
    async with till(server, server.world.bob) as line:
        for number in range(100):
            await say(line, op="do", id=number, verb="reserve", key=f"order:{number}", body=lines("1"))
        said = [await hear(line) for _ in range(100)]
    assert [frame["id"] for frame in said if frame["op"] == "done"] == list(range(10)), "first come, first served"
    assert {frame["id"] for frame in said} == set(range(100))


async def test_a_slow_verb_holds_up_no_command_that_came_with_it(server: Server) -> None:
    await receive(server, server.world.alice, 1)
    async with till(server, server.world.alice) as line:
        await say(line, op="do", id="a", verb="reserve", key="with:0", body=lines("1"))
        await say(line, op="do", id="b", verb="reconcile", key="with:1", body={})
        await say(line, op="do", id="c", verb="fly", key="with:2", body={})
        await say(line, op="do", id="d", key="with:3", body={})
        said = {frame["id"]: frame["status"] for frame in [await hear(line) for _ in range(4)]}
    assert said == {"a": 201, "b": 200, "c": 404, "d": 422}


async def test_a_ticket_opens_one_line(server: Server) -> None:
    bob = server.world.bob
    ticket = (await post(server, bob, "live/ticket", {}, "t")).json()["ticket"]
    address = f"{server.live_url}/v1/{bob.tenant.slug}/live?ticket={ticket}"
    async with connect(address) as line:
        await say(line, op="ping")
        assert (await hear(line))["op"] == "pong"
    for way in (address, address.partition("?")[0], f"{address}x"):
        with pytest.raises(InvalidStatus) as caught:
            await connect(way)
        assert caught.value.response.status_code == 401
    with pytest.raises(InvalidStatus) as caught:
        await connect(address, origin="https://evil.example")  # type: ignore[arg-type]
    assert caught.value.response.status_code == 403
