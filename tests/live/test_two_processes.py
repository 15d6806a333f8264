"""Two web processes on one database, one asked and one followed…"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.conftest import Database
from tests.live.lines import feed, hear, say, some
from tests.people import Person
from tests.serving import Server
from tests.webs import Follower, Web, faults, people


@pytest.fixture(params=["with Redis", "without"])
def way(request: pytest.FixtureRequest) -> str | None:
    """The address of Redis, or none."""
    return request.getfixturevalue("redis_url") if request.param == "with Redis" else None


@asynccontextmanager
async def two(database: Database, var: Path, redis_url: str | None) -> AsyncIterator[tuple[Web, Web]]:
    asked, followed = Web(database, var, redis_url), Web(database, var, redis_url, "uvicorn")
    try:
        await asyncio.gather(asked.start(), followed.start())
        yield asked, followed
    finally:
        await asyncio.gather(asked.stop(), followed.stop())


async def test_give_a_returning_reader_exactly_what_it_missed(database: Database, tmp_path: Path, way: str | None) -> None:
    """Worked example E33."""
    async with people(database) as world, two(database, tmp_path, way) as (asked, followed):
        alice, there = world.alice, Server(followed.url, world)
        for number in range(120):
            await asked.receive(alice, f"k{number}")
        async with feed(there, alice) as events, feed(there, world.carol) as hers:
            assert (await some(events, 1))[0]["data"] == {"as_of_seq": 120}
            assert (await some(hers, 1))[0]["data"] == {"as_of_seq": 0}
        for number in range(5):
            await asked.receive(alice, f"away{number}")
        async with feed(there, alice, **{"Last-Event-ID": "120"}) as events, feed(there, world.carol, **{"Last-Event-ID": "0"}) as hers:
            hello, *missed = await some(events, 6)
            assert (hello["data"], [event["id"] for event in missed]) == ({"as_of_seq": 125}, ["121", "122", "123", "124", "125"])
            await asked.receive(alice, "more")
            assert [event["id"] for event in await some(events, 1)] == ["126"]
            await asked.receive(world.carol, "her first")
            (hello, first) = await some(hers, 2)
            assert (hello["data"], first["id"]) == ({"as_of_seq": 0}, "1"), "she hears of nobody else"
        assert asked.noted("no_redis") == followed.noted("no_redis") == (0 if way else 1)


async def test_cut_the_lines_of_a_session_that_the_other_has_ended(database: Database, tmp_path: Path, way: str | None) -> None:
    """At once where Redis carries the word; without it when the standing is looked at again. Both within the 30 seconds of api.md."""
    async with people(database) as world, two(database, tmp_path, way) as (asked, followed), httpx2.AsyncClient() as browser:
        alice, there = world.alice, Server(followed.url, world)
        csrf = await _sign_in(browser, asked, alice)
        ticket = await browser.post(f"{asked.url}/v1/{alice.tenant.slug}/live/ticket", headers={"X-CSRF-Token": csrf})
        address = f"{there.live_url}/v1/{alice.tenant.slug}/live?ticket={ticket.json()['ticket']}"
        cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
        async with (
            connect(address) as line,
            httpx2.AsyncClient(base_url=followed.url, headers={"Cookie": cookies}, timeout=40) as follower,
            follower.stream("GET", f"/v1/{alice.tenant.slug}/events") as stream,
            asyncio.timeout(30 if way is None else 10),
        ):
            assert stream.status_code == 200
            events = stream.aiter_lines()
            assert (await anext(events)).startswith("retry: ")
            await say(line, op="ping")
            await hear(line, "pong")
            out = await browser.post(f"{asked.url}/sign-out", data={"_csrf": csrf})
            assert out.status_code == 303, out.text
            assert "event: stock" not in [text async for text in events]
            with pytest.raises(ConnectionClosed) as closed:
                await line.recv()
            assert closed.value.rcvd is not None and closed.value.rcvd.code == 1008


async def test_know_each_others_visits_sessions_tickets_and_answers(database: Database, tmp_path: Path) -> None:
    """Whatever a browser or a till was given by one counts with the other: nothing of it lives in a process."""
    async with people(database) as world, two(database, tmp_path, None) as (asked, followed), httpx2.AsyncClient() as browser:
        alice = world.alice
        csrf = await _sign_in(browser, asked, alice, at=followed)
        page = await browser.get(f"{followed.url}/t/{alice.tenant.slug}/stock")
        assert page.status_code == 200
        ticket = await browser.post(f"{followed.url}/v1/{alice.tenant.slug}/live/ticket", headers={"X-CSRF-Token": csrf})
        address = f"/v1/{alice.tenant.slug}/live?ticket={ticket.json()['ticket']}"
        async with connect(asked.url.replace("http", "ws", 1) + address) as line:
            await say(line, op="ping")
            await hear(line, "pong")
        with pytest.raises(InvalidStatus):
            await connect(followed.url.replace("http", "ws", 1) + address)
        item = {"sku": "NEW", "name": "New", "base_unit": "pcs"}
        made = await asked.ask(alice, "inventory/items", item, "once")
        again = await followed.ask(alice, "inventory/items", item, "once")
        assert (made.status_code, made.content, again.headers.get("Idempotent-Replayed")) == (201, again.content, "true")


async def test_lose_and_double_nothing_when_the_followed_one_is_killed(database: Database, tmp_path: Path, way: str | None) -> None:
    """kill -9 under load, twice; and the one that is asked, too: whoever comes back goes on behind the last row it has seen."""
    async with people(database) as world, two(database, tmp_path, way) as (asked, followed):
        alice = world.alice
        readers = [Follower(followed, alice, 0) for _ in range(5)]
        for reader in readers:
            await reader.opened.wait()
        done = asyncio.Event()

        async def work() -> int:
            number = 0
            while not done.is_set():
                number += 1
                await asked.receive(alice, f"w{number}")
            return number

        working = asyncio.create_task(work())
        for victim in (followed, asked, followed):
            await asyncio.sleep(0.5)
            victim.kill()
            await victim.start()
        await asyncio.sleep(0.5)
        done.set()
        count = await working
        async with asyncio.timeout(20):
            for reader in readers:
                await reader.until(count)
                await reader.close()
        for reader in readers:
            assert (reader.seqs, reader.resyncs) == (list(range(1, count + 1)), 0)
        assert await faults(database, alice) == []


async def _sign_in(browser: httpx2.AsyncClient, asked: Web, who: Person, at: Web | None = None) -> str:
    """Sign in, by a form of one and to another; returns what proves that a request comes from a page of ours."""
    door = f"/t/{who.tenant.slug}/sign-in"
    csrf = _token((await browser.get(asked.url + door)).text)
    form = {"_csrf": csrf, "company": who.tenant.slug, "email": who.email, "password": who.password}
    entered = await browser.post(f"{(at or asked).url}/sign-in", data=form)
    assert entered.status_code == 303, entered.text
    return _token((await browser.get(f"{asked.url}/t/{who.tenant.slug}/stock")).text)


def _token(page: str) -> str:
    return page.split('name="_csrf" value="')[1].split('"')[0]
