"""Groups C and D of the catalogue, those who leave: lines cut in the middle of a change, and lines of people who may no longer see."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import orjson
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from events.relay import Relay
from kit.clock import now_us
from tenants.callers import Callers
from tenants.domain import Actor, Role, Tenant
from tenants.keys import Keys
from tenants.messages import NewKey, SignIn
from tenants.service import People
from tests.chaos.cache import cache
from tests.chaos.case import Run, case
from tests.chaos.feeds import pair
from tests.chaos.waiting import until_async
from tests.people import Person, World, hire, keys_of
from tests.serving import Server
from tests.webs import Web

TWO = {"lines": [{"sku": sku, "warehouse": "osh", "qty": "1"} for sku in ("CUP", "ROPE")]}
"""A change with two rows: both or none."""
KEPT = 60
"""Connections that stay open by design: the pools to Postgres, and ours to the web. A leak of these cases would be hundreds."""
CUT_S = 30.0
"""Within which a line is cut whose key was revoked, whoever revoked it (api.md)."""


@case("C45", "clients that go away at any byte of a change, and with commands in flight", limit_s=300)
async def cut_anywhere(run: Run) -> None:
    """Complete or without effect, never half; asked again, it is done once; nothing is left open."""
    rng, count = random.Random(run.seed), run.size(200, 1_000)
    async with pair(run, None, None) as (world, asked, followed):
        alice = world.alice
        for web in (asked, followed):  # both have opened what they keep open
            await web.ask(alice, "live/ticket", {}, "warm")
        await asked.ask(alice, "stock/receive", TWO, "warm")
        before = _descriptors(asked)
        for start in range(0, count, 20):
            await asyncio.gather(*[_cut_request(asked, alice, number, rng) for number in range(start, start + 20)])
        for number in range(count // 20):
            await _cut_line(asked, alice, number, rng)
        await until_async(lambda: _nothing_open(run))
        halves = await _rows_by_key(run, alice)
        assert set(halves.values()) <= {2}, halves
        done = len(halves)
        for start in range(0, count, 20):
            assert {*await asyncio.gather(*[_again(asked, alice, number) for number in range(start, start + 20)])} <= {200, 201}
        for number in range(count // 20):
            again = [asked.insist(alice, "stock/receive", TWO, f"line-{number}-{place}") for place in range(16)]
            assert {said.status_code for said in await asyncio.gather(*again)} == {200}
        after = await _rows_by_key(run, alice)
        assert set(after.values()) == {2}
        assert len(after) == 1 + (count - (count + 3) // 4) + count // 20 * 16
        server = Server(asked.url, world)
        await until_async(lambda: _no_readers(server))
        await until_async(lambda: _fewer(asked, before + KEPT))
        run.facts |= {"cut": count + count // 20, "had been done": done, "of": len(after)}


@case("D64", "lines of a key revoked, a password or role changed, a person disabled or signed out, by another process", limit_s=240)
async def revoked(run: Run) -> None:
    """Cut within 30 seconds by the look that is taken anyway; much sooner where Redis carries the word."""
    async with cache() as redis:
        ways: list[str | None] = [redis.url, *run.size((), (None,))]
        for url in ways:
            async with pair(run, url, url) as (world, one, two):
                webs = (one, two)
                relay = Relay(url)
                callers = Callers(world.engine, now_us, tell=relay.revoked)
                desk = replace(world.people, callers=callers)
                door = replace(world.sessions, callers=callers)
                lines: list[asyncio.Task[None]] = []
                ends: list[Awaitable[None]] = []
                for act in (desk.disable_user, _demote(desk), _new_password(desk), None):
                    bob = await hire(desk, world.alice, f"bob{len(ends)}", Role.MANAGER)
                    cookie = (await door.sign_in(SignIn(bob.tenant.slug, bob.email, bob.password))).cookie
                    lines += [asyncio.create_task(_sse(web, bob, f"Cookie: onhand_session={cookie}")) for web in webs]
                    ends.append(act(bob.tenant, world.alice.actor, bob.actor.principal_id) if act else door.sign_out(cookie))
                made = await keys_of(desk).make(world.alice.tenant, world.alice.actor, NewKey("short-lived", Role.VIEWER))
                holder = await callers.of_key(made.text)
                assert holder is not None
                lines += [asyncio.create_task(_sse(web, world.alice, f"Authorization: Bearer {made.text}")) for web in webs]
                lines += [asyncio.create_task(_websocket(web, world.alice, made.text)) for web in webs]
                ends.append(_revoked(keys_of(desk), world, holder.actor.principal_id))
                await asyncio.sleep(1)
                assert not any(line.done() for line in lines)
                for end in ends:
                    await end
                async with asyncio.timeout(CUT_S if url is None else CUT_S / 3):
                    await asyncio.gather(*lines)
                await relay.close()
                run.facts[f"lines cut {'without' if url is None else 'with'} Redis"] = len(lines)


async def _revoked(keys: Keys, world: World, principal_id: int) -> None:
    async with world.alice.context(world.engine).writing() as work:
        await keys.revoke(work, world.alice.tenant, world.alice.actor, principal_id)


def _demote(desk: People) -> Callable[[Tenant, Actor, int], Awaitable[None]]:
    return lambda tenant, by, who: desk.set_role(tenant, by, who, Role.VIEWER)


def _new_password(desk: People) -> Callable[[Tenant, Actor, int], Awaitable[None]]:
    return lambda tenant, by, who: desk.set_password(tenant, by, who, "another correct horse")


async def _cut_request(web: Web, who: Person, number: int, rng: random.Random) -> None:
    """Send a change and go away: after some bytes of it, or after all of them and some milliseconds."""
    whole = _request(who, number)
    length = rng.choice((rng.randrange(1, len(whole)), len(whole)))
    reader, writer = await asyncio.open_connection("127.0.0.1", web.port)
    writer.write(whole[:length])
    await writer.drain()
    await asyncio.sleep(rng.random() * 0.03)
    if rng.random() < 0.5:
        writer.transport.abort()
    else:
        writer.close()
    del reader


def _request(who: Person, number: int) -> bytes:
    """Every fourth makes an item, the others receive stock."""
    path, body = ("stock/receive", TWO) if number % 4 else ("inventory/items", _new_item(number))
    octets = orjson.dumps(body)
    head = (
        f"POST /v1/{who.tenant.slug}/{path} HTTP/1.1\r\nHost: a\r\nAuthorization: {who.bearer['Authorization']}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(octets)}\r\nIdempotency-Key: cut-{number}\r\n\r\n"
    )
    return head.encode() + octets


def _new_item(number: int) -> dict[str, str]:
    return {"sku": f"NEW-{number}", "name": "New", "base_unit": "pcs"}


async def _again(web: Web, who: Person, number: int) -> int:
    """The same change once more, under its key."""
    path, body = ("stock/receive", TWO) if number % 4 else ("inventory/items", _new_item(number))
    return (await web.insist(who, path, body, f"cut-{number}")).status_code


async def _cut_line(web: Web, who: Person, number: int, rng: random.Random) -> None:
    """A till that goes away with sixteen commands in flight."""
    address = f"{web.url.replace('http', 'ws', 1)}/v1/{who.tenant.slug}/live"
    line = await connect(address, additional_headers=who.bearer)
    await line.send('{"op":"hello"}')
    for place in range(16):
        frame = {"op": "do", "id": place, "verb": "receive", "key": f"line-{number}-{place}", "body": TWO}
        await line.send(orjson.dumps(frame).decode())
    await asyncio.sleep(rng.random() * 0.02)
    line.transport.abort()


async def _sse(web: Web, who: Person, proof: str) -> None:
    """Read a feed until it is cut."""
    reader, writer = await asyncio.open_connection("127.0.0.1", web.port)
    writer.write(f"GET /v1/{who.tenant.slug}/events HTTP/1.1\r\nHost: a\r\n{proof}\r\n\r\n".encode())
    assert b" 200 " in await reader.readline()
    while await reader.readline() not in (b"", b"0\r\n"):
        pass
    writer.close()


async def _websocket(web: Web, who: Person, key: str) -> None:
    address = f"{web.url.replace('http', 'ws', 1)}/v1/{who.tenant.slug}/live"
    async with connect(address, additional_headers={"Authorization": f"Bearer {key}"}) as line:
        with contextlib.suppress(ConnectionClosed):
            while True:
                await line.recv()
    assert line.close_code == 1008


async def _rows_by_key(run: Run, who: Person) -> dict[str, int]:
    async with run.place.admin() as admin:
        rows = await admin.fetch("SELECT key, count(*) FROM stock_ledger WHERE tenant_id = $1 GROUP BY key", who.tenant.id)
    return {row[0]: row[1] for row in rows}


async def _nothing_open(run: Run) -> bool:
    """No transaction of the app's or the engine's stands open."""
    async with run.place.admin() as admin:
        query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%'"
        return not await admin.fetchval(query)


async def _no_readers(server: Server) -> bool:
    return not await server.readers()


async def _fewer(web: Web, count: int) -> bool:
    return _descriptors(web) <= count


def _descriptors(web: Web) -> int:
    return len(list(Path(f"/proc/{web.pid}/fd").iterdir()))
