"""The probe, on live lines: whatever somebody of another company names in an address, a header or a frame, nothing of Alice's comes, and
what is hers answers like what does not exist. Carol's company has a person of every role."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from typing import Any

import httpx2
import orjson
import pytest
import pytest_asyncio
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from db.engine import make_engine
from inventory import stock
from inventory.catalog import messages as catalog
from inventory.catalog import service as catalog_service
from inventory.locations import messages as places
from inventory.locations import service as places_service
from tenants.domain import ROLES_GIVEN, Role
from tests.conftest import Database
from tests.live.lines import feed, hear, lines, post, receive, say, some, till
from tests.people import Person, hire
from tests.serving import Server, serving

pytestmark = pytest.mark.asyncio(loop_scope="module")

CANARY = "Canarybird"
NOWHERE = {"sku": "NO-SUCH-THING", "code": "no-such-place", "reservation": "R999999", "transfer": "T999999", "key": "no-such-key"}
LOOKING = [role for role in ROLES_GIVEN if role not in (Role.BILLING, Role.SUPPLIER)]
"""Roles that may follow the feed."""


@dataclass(frozen=True)
class Place:
    """A server, what Alice has there by the sort of word that names it, and a person of each role at Carol's."""

    server: Server
    theirs: dict[str, str]
    staff: dict[Role, Person]
    last_seq: int


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def place(database: Database, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Place]:
    async with serving(database, tmp_path_factory.mktemp("var")) as server:
        engine = make_engine(database.app, pool_size=2)
        world = server.world
        ctx = world.alice.context(engine)
        async with ctx.writing() as work:
            await catalog_service.create_item(ctx, work, catalog.NewItem(f"{CANARY}-1", f"{CANARY} cup"))
            await places_service.create_warehouse(ctx, work, places.NewWarehouse(f"{CANARY}-vault", f"{CANARY} vault"))
        staff = {role: await hire(world.people, world.carol, f"Dan-{role.label}", role) for role in ROLES_GIVEN}
        await receive(server, world.carol, 2)
        theirs, last = await _treasures(server)
        yield Place(server, theirs, staff, last)
        await engine.dispose()


async def _treasures(server: Server) -> tuple[dict[str, str], int]:
    """Many more rows than Carol has, a hold and something on its way; all of them bear the canary."""
    alice, there = server.world.alice, {"warehouse": f"{CANARY}-vault", "sku": f"{CANARY}-1"}
    await post(server, alice, "stock/receive", lines("50", **there), f"{CANARY}-key")
    many = [{"verb": "receive", "key": f"r{number}", **lines("1", **there)} for number in range(400)]
    await post(server, alice, "stock/bulk", {"commands": many}, "")
    held = (await post(server, alice, "stock/reserve", lines("2", **there), "h")).json()
    way = {"from": there["warehouse"], "to": "osh", "lines": [{"sku": there["sku"], "qty": "1"}]}
    sent = (await post(server, alice, "stock/transfer", way, "t")).json()
    words = {"sku": there["sku"], "code": there["warehouse"], "key": f"{CANARY}-key"}
    return words | {"reservation": held["reservation"]["id"], "transfer": sent["transfer"]["id"]}, sent["seq"]


def frames(words: dict[str, str], once: str) -> Iterator[dict[str, Any]]:
    """Every verb with every body in which something of another company may be named; the last one under a key of theirs."""
    named = [{"sku": words["sku"], "warehouse": words["code"], "qty": "1"}]
    here = [{"sku": "CUP", "warehouse": words["code"], "qty": "1"}]
    bodies: list[dict[str, Any]] = [
        {"lines": named},
        {"lines": here},
        {"lines": [{"sku": words["sku"], "warehouse": "osh", "delta": "1"}], "reason": "x"},
        {"lines": [{"sku": words["sku"], "qty": "1", "warehouses": [words["code"], "osh"]}]},
        {"reservation": words["reservation"]},
        {"reservation": words["reservation"], "expires_in": 60},
        {"transfer": words["transfer"], "reason": "x"},
        {"sku": words["sku"], "warehouse": words["code"]},
        {"from": words["code"], "to": "osh", "lines": [{"sku": "CUP", "qty": "1"}]},
        {"from": "osh", "to": words["code"], "lines": [{"sku": words["sku"], "qty": "1"}]},
    ]
    for verb in stock.VERBS:
        for number, body in enumerate(bodies):
            yield {"verb": verb, "key": f"{once}-{verb}-{number}", "body": body}
    yield {"verb": "receive", "key": words["key"], "body": {"lines": named}}


def plain(answer: Any, words: dict[str, str], once: str) -> str:
    """An answer without the words that it was given: it may repeat them, and tells nothing by it."""
    said = orjson.dumps(answer).decode().replace(once, "")
    for word in words.values():
        said = re.sub(rf"(?<![\w-]){re.escape(word)}(?![\w-])", "", said)
    return said


@pytest.mark.parametrize("role", LOOKING)
async def test_a_feed_shows_ones_own_whatever_is_asked_for(place: Place, role: Role) -> None:
    """Of filters that name nothing of one's own nothing comes; places of another's ledger are places of one's own, or none."""
    who, server = place.staff[role], place.server
    asked: tuple[tuple[str, dict[str, str]], ...] = (
        ("", {}),
        ("?after=0", {}),
        ("?after=1", {"Last-Event-ID": "0"}),
        (f"?after={place.last_seq}", {}),
        ("", {"Last-Event-ID": str(place.last_seq - 1)}),
        (f"?warehouse={CANARY}-vault,osh&sku={CANARY}-1,CUP&after=0", {}),
        (f"?warehouse=osh&kinds=receive,{CANARY}&after=0", {}),
    )
    for number, (query, headers) in enumerate(asked):
        async with feed(server, who, query, **headers) as events:
            first = await some(events, 1)
            assert first[0]["event"] == "hello"
            await post(server, server.world.carol, "stock/receive", lines("1"), f"{role}-{number}")
            while not (first[-1]["event"] == "stock.receive" and first[-1]["data"]["key"] == f"{role}-{number}"):
                first += await some(events, 1)
            assert CANARY not in orjson.dumps(first).decode(), query
            rows = [each["data"] for each in first if each["event"].startswith("stock.")]
            assert {(row["sku"], row["warehouse"]) for row in rows} == {("CUP", "osh")}
            assert first[0]["data"]["as_of_seq"] < place.last_seq


@pytest.mark.parametrize("role", ROLES_GIVEN)
async def test_a_feed_of_another_company_is_not_there(place: Place, role: Role) -> None:
    who, server = place.staff[role], place.server
    async with httpx2.AsyncClient(base_url=server.url) as client:
        answers = []
        for slug in (server.world.alice.tenant.slug, "no-such-company"):
            headers = {**who.bearer, "Last-Event-ID": "1", "X-Request-Id": "the-same-request"}
            said = await client.get(f"/v1/{slug}/events?after=0", headers=headers)
            answers.append((said.status_code, said.content))
    assert answers[0] == answers[1]
    assert answers[0][0] == 404
    for slug in (server.world.alice.tenant.slug, "no-such-company"):
        with pytest.raises(InvalidStatus) as refused:
            await connect(f"{server.live_url}/v1/{slug}/live", additional_headers=who.bearer)
        assert refused.value.response.status_code == 404


@pytest.mark.parametrize("role", [Role.BILLING, Role.SUPPLIER])
async def test_who_may_not_see_stock_has_no_line(place: Place, role: Role) -> None:
    who, server = place.staff[role], place.server
    async with httpx2.AsyncClient(base_url=server.url) as client:
        assert (await client.get(f"/v1/{who.tenant.slug}/events", headers=who.bearer)).status_code == 403
    with pytest.raises(InvalidStatus) as refused:
        await connect(f"{server.live_url}/v1/{who.tenant.slug}/live", additional_headers=who.bearer)
    assert refused.value.response.status_code == 403


@pytest.mark.parametrize("role", LOOKING)
async def test_a_line_shows_ones_own_whatever_its_hello_asks_for(place: Place, role: Role) -> None:
    who, server = place.staff[role], place.server
    hellos: tuple[dict[str, Any], ...] = (
        {"after": 0},
        {"after": place.last_seq},
        {"after": 1, "warehouses": [f"{CANARY}-vault", "osh"], "skus": [f"{CANARY}-1", "CUP"], "kinds": ["receive", CANARY]},
        {"after": 0, "tenant": server.world.alice.tenant.slug, "tenant_id": server.world.alice.tenant.id},
    )
    async with till(server, who) as line:
        for number, hello in enumerate(hellos):
            await say(line, op="hello", **hello)
            assert (await hear(line, "hello"))["as_of_seq"] < place.last_seq
            await post(server, server.world.carol, "stock/receive", lines("1"), f"ws-{role}-{number}")
            while True:
                frame = await hear(line)
                assert CANARY not in orjson.dumps(frame).decode(), hello
                if frame["op"] == "event":
                    assert (frame["data"]["sku"], frame["data"]["warehouse"]) == ("CUP", "osh")
                    if frame["data"]["key"] == f"ws-{role}-{number}":
                        break


@pytest.mark.parametrize("role", LOOKING)
async def test_what_a_frame_names_of_another_company_answers_like_what_is_not_there(place: Place, role: Role) -> None:
    """Each command on its own, then all of them as batches."""
    who, server = place.staff[role], place.server
    before = await _levels(server, server.world.alice)
    said: list[list[str]] = []
    for once, words in (("theirs", place.theirs), ("nowhere", NOWHERE)):
        once, answers = f"{role.label}-{once}", []
        asked = list(frames(words, once))
        async with till(server, who) as line:
            for number, frame in enumerate(asked):
                await say(line, op="do", id=number, **frame)
                answers.append(await hear(line))
            for number in range(0, len(asked), 40):
                again = [{**frame, "key": f"{frame['key']}.b"} for frame in asked[number : number + 40]]
                await say(line, op="batch", id=number, commands=again)
                answers.append(await hear(line))
        assert len(answers) > 100
        assert not any(answer.get("replayed") for answer in answers)
        said.append([plain(answer, words, once) for answer in answers])
    assert said[0] == said[1]
    assert CANARY not in "".join(said[0])
    assert await _levels(server, server.world.alice) == before


async def test_a_ticket_opens_a_line_of_its_own_company_only(place: Place) -> None:
    """It is not spent by trying elsewhere, and another's is refused like one that was made up."""
    server = place.server
    alice, carol = server.world.alice, server.world.carol
    for owner, other in ((alice, carol), (carol, alice)):
        ticket = (await post(server, owner, "live/ticket", {}, "t")).json()["ticket"]
        for tried, headers in ((ticket, {}), ("made-up", {}), (ticket, {"Cookie": "onhand_session=x"})):
            with pytest.raises(InvalidStatus) as refused:
                await connect(f"{server.live_url}/v1/{other.tenant.slug}/live?ticket={tried}", additional_headers=headers)
            assert refused.value.response.status_code == 401
            assert owner.tenant.slug not in refused.value.response.body.decode()  # type: ignore[union-attr]
        async with connect(f"{server.live_url}/v1/{owner.tenant.slug}/live?ticket={ticket}") as line:
            await say(line, op="ping")
            assert (await hear(line))["op"] == "pong"


async def test_a_ticket_does_not_help_a_key_of_another_company(place: Place) -> None:
    """Whoever shows a key is who the key says, whatever else they bring."""
    server = place.server
    alice, carol = server.world.alice, server.world.carol
    ticket = (await post(server, alice, "live/ticket", {}, "t2")).json()["ticket"]
    with pytest.raises(InvalidStatus) as refused:
        await connect(f"{server.live_url}/v1/{alice.tenant.slug}/live?ticket={ticket}", additional_headers=carol.bearer)
    assert refused.value.response.status_code == 404
    nobody = replace(carol, key="oh_nonsense")
    with pytest.raises(InvalidStatus) as refused:
        await connect(f"{server.live_url}/v1/{alice.tenant.slug}/live?ticket={ticket}", additional_headers=nobody.bearer)
    assert refused.value.response.status_code == 401


async def _levels(server: Server, who: Person) -> Any:
    async with httpx2.AsyncClient(base_url=server.url) as client:
        return (await client.get(f"/v1/{who.tenant.slug}/stock/levels", headers=who.bearer)).json()
