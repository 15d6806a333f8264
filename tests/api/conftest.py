"""The API on a real database and a real engine in this process. Alice's shop and Carol's have the same codes in them."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import orjson
import pytest
from quart import Quart
from sqlalchemy.ext.asyncio import AsyncEngine

from actors.local import LocalEngine
from events.feed import Feed
from events.relay import Relay
from inventory.context import Stock
from kit.clock import Clock, now_us
from tenants.domain import Role
from tests.conftest import Database
from tests.people import Person, World, cheap_passwords
from tests.serving import shop
from web.app import create_app
from web.live.reader import Reader


@dataclass
class MovingClock:
    """A clock that tests may push forward."""

    ahead_us: int = 0

    def __call__(self) -> int:
        return now_us() + self.ahead_us


@dataclass(frozen=True, slots=True)
class Wired:
    """The wiring that the app gets in tests."""

    engine: AsyncEngine
    stock: Stock
    clock: Clock
    feed: Feed
    secret: str = "a secret of tests that is long enough"
    environment: str = "development"
    relay: Relay = field(default_factory=lambda: Relay(None))
    gauges: Any = list
    shared_limits: Any = None
    jobs_token: str | None = None
    run_jobs: Any = None
    mail: Any = None
    mail_from: str = "Onhand <post@onhand.example>"
    public_url: str = "https://onhand.example"
    sign_up_open: bool = True


@dataclass(frozen=True, slots=True)
class Said:
    """An answer: status, parsed body, the exact bytes, headers."""

    status: int
    body: Any
    raw: bytes
    headers: Any

    @property
    def code(self) -> str:
        """The stable code of a problem."""
        return str(self.body["code"])


@dataclass
class Client:
    """Somebody's program, talking to their own company unless `slug` says otherwise."""

    app: Quart
    who: Person
    slug: str = ""
    keys: Any = field(default_factory=lambda: (f"key-{number}" for number in itertools.count()))

    async def get(self, path: str, **headers: str) -> Said:
        return await self.send("GET", path, headers=headers)

    async def post(self, path: str, body: Any = None, key: str | None = None, **headers: str) -> Said:
        """A change under a fresh key, or under `key`; an empty one sends none."""
        key = next(self.keys) if key is None else key
        return await self.send("POST", path, body, {**({"Idempotency-Key": key} if key else {}), **headers})

    async def patch(self, path: str, body: Any, version: int | None, key: str | None = None) -> Said:
        seen = {} if version is None else {"If-Match": f'"{version}"'}
        return await self.send("PATCH", path, body, {"Idempotency-Key": key or next(self.keys), **seen})

    async def delete(self, path: str) -> Said:
        return await self.send("DELETE", path, None, {"Idempotency-Key": next(self.keys)})

    async def send(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Said:
        """`body` is JSON, or bytes to be sent as they are."""
        sent = body if isinstance(body, bytes) or body is None else orjson.dumps(body)
        told = {"Content-Type": "application/json", **self.who.bearer, **(headers or {})}
        address = path if path.startswith("/") else f"/v1/{self.slug or self.who.tenant.slug}/{path}"
        client: Any = self.app.test_client()
        response = await client.open(address, method=method, data=sent, headers=told)
        raw = await response.get_data(as_text=False)
        parsed = orjson.loads(raw) if "json" in response.content_type else raw.decode()
        return Said(response.status_code, parsed, raw, response.headers)

    async def received(self, qty: Any, sku: str = "CUP", warehouse: str = "osh") -> Said:
        """Stock to work with."""
        said = await self.post("stock/receive", {"lines": [line(qty, sku, warehouse)]})
        assert said.status == 200, said.body
        return said

    async def reserved(self, qty: Any, sku: str = "CUP", warehouse: str = "osh", **more: Any) -> dict[str, Any]:
        """A reservation to work with."""
        said = await self.post("stock/reserve", {"lines": [line(qty, sku, warehouse)], **more})
        assert said.status == 201, said.body
        found: dict[str, Any] = said.body["reservation"]
        return found


def line(qty: Any, sku: str = "CUP", warehouse: str = "osh", **more: Any) -> dict[str, Any]:
    """One line of a command."""
    return {"sku": sku, "warehouse": warehouse, "qty": qty, **more}


@pytest.fixture
async def world(engine: AsyncEngine) -> World:
    """Alice (admin), Bob (operator) and Carol, each company with its shop."""
    return await shop(engine, Role.OPERATOR)


@pytest.fixture
def clock() -> MovingClock:
    """The clock of web and engine alike."""
    return MovingClock()


@pytest.fixture
async def stock(database: Database, clock: MovingClock) -> AsyncIterator[Stock]:
    """The stock engine, in this process."""
    local = LocalEngine(database.engine, lambda tenant, part, seq: None, lambda: None, clock)
    yield await local.start()
    await local.close()


@pytest.fixture
def edge(request: pytest.FixtureRequest) -> str:
    """Which way stock commands go: the lean path in front of Quart, or (`BOTH_EDGES`) Quart as well."""
    return str(getattr(request, "param", "lean"))


BOTH_EDGES = pytest.mark.parametrize("edge", ["lean", "quart"], indirect=True)
"""The contract holds whichever way a command goes."""


@pytest.fixture
async def app(engine: AsyncEngine, stock: Stock, clock: MovingClock, edge: str) -> AsyncIterator[Quart]:
    """The app."""
    reader = Reader(engine)
    feed = Feed(reader.head, reader.rows)
    app = create_app(Wired(engine, stock, clock, feed), cheap_passwords(), lean=edge == "lean")
    async with app.test_app():
        yield app
    await feed.close()


@pytest.fixture
def alice(app: Quart, world: World) -> Client:
    """The owner's program."""
    return Client(app, world.alice)


@pytest.fixture
def bob(app: Quart, world: World) -> Client:
    """A till: it may promise and sell, not receive."""
    return Client(app, world.bob)


@pytest.fixture
def carol(app: Quart, world: World) -> Client:
    """The stranger's program."""
    return Client(app, world.carol)
