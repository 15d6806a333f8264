"""The lean path answers as Quart does, header for header, also where a request is odd or wrong."""

from __future__ import annotations

from typing import Any

import pytest
from prometheus_client import generate_latest
from quart import Quart
from sqlalchemy.ext.asyncio import AsyncEngine

from events.feed import Feed
from inventory.context import Stock
from tests.api.conftest import Client, MovingClock, Wired, line
from tests.people import World, cheap_passwords
from web.app import create_app
from web.limits import Limiter
from web.live.reader import Reader
from web.turnstile import Turnstile

RESERVE = {"lines": [line("1")], "expires_in": 60}
JSON = {"Content-Type": "application/json"}


class Both:
    """The same request by both ways."""

    def __init__(self, lean: Client, quart: Client) -> None:
        self.lean, self.quart = lean, quart

    async def alike(self, path: str = "stock/reserve", body: Any = RESERVE, **headers: str) -> tuple[int, Any]:
        """Send it both ways, demand the same answer and return its status and body."""
        said = []
        for key, client in (("k-lean", self.lean), ("k-quart", self.quart)):
            told = {"Idempotency-Key": key, "X-Request-Id": "the-same-request", **headers}
            said.append(await client.send("POST", path, body, {name: value for name, value in told.items() if value}))
        assert said[0].status == said[1].status, (said[0].body, said[1].body)
        assert said[0].body == said[1].body
        assert {name.lower(): value for name, value in said[0].headers.items()} == {
            name.lower(): value for name, value in said[1].headers.items()
        }
        return said[0].status, said[0].body


@pytest.fixture
async def plain(engine: AsyncEngine, stock: Stock, clock: MovingClock) -> Any:
    """An app without the lean path, beside the one with it."""
    reader = Reader(engine)
    app = create_app(Wired(engine, stock, clock, Feed(reader.head, reader.rows)), cheap_passwords(), lean=False)
    async with app.test_app():
        yield app


@pytest.fixture
def both(app: Quart, plain: Quart, world: World) -> Both:
    """Alice's program by both ways."""
    return Both(Client(app, world.alice), Client(plain, world.alice))


async def goes_lean(app: Quart, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Which requests were left to Quart."""
    left: list[str] = []
    rest = app.asgi_app._rest  # type: ignore[attr-defined]

    async def noted(scope: Any, receive: Any, send: Any) -> None:
        left.append(scope.get("path", ""))
        await rest(scope, receive, send)

    monkeypatch.setattr(app.asgi_app, "_rest", noted)
    return left


async def test_takes_commands_with_a_key_and_leaves_the_rest(app: Quart, alice: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    left = await goes_lean(app, monkeypatch)
    await alice.received("5")
    await alice.post("stock/bulk", {"commands": [{"verb": "reserve", "key": "b-1", **RESERVE}]})
    await alice.post("stock/transfer/receive", {"transfer": "T1"})
    assert not left
    await alice.get("stock/levels")
    await alice.post("stock/reconcile", {})
    await alice.post("stock/reserve", RESERVE, Authorization="")
    await alice.post("stock/nonsense", {})
    assert [path.rpartition("/")[2] for path in left] == ["levels", "reconcile", "nonsense"]


async def test_does_what_was_asked_once(both: Both) -> None:
    await both.lean.received("1")
    said = await both.lean.post("stock/reserve", RESERVE, key="k-1")
    again = await both.quart.post("stock/reserve", RESERVE, key="k-1")
    assert (again.status, again.body, again.headers["Idempotent-Replayed"]) == (said.status, said.body, "true")
    assert (await both.alike())[0] == 409


@pytest.mark.parametrize(
    ("status", "sent"),
    [
        (400, {"Idempotency-Key": ""}),
        (400, {"Idempotency-Key": "ключ"}),
        (401, {"Authorization": "Bearer nonsense"}),
        (401, {"Authorization": "Basic YTpi"}),
        (415, {"Content-Type": "text/plain"}),
        (415, {"Content-Type": "application/x-json"}),
        (409, {"Content-Type": "application/json; charset=utf-8"}),
        (409, {"Accept-Language": "ky"}),
        (409, {"Accept-Language": "ru-RU,ru;q=0.9"}),
        (409, {"Accept": "text/html"}),
    ],
)
async def test_refuses_alike_by_headers(both: Both, status: int, sent: dict[str, str]) -> None:
    assert (await both.alike(**sent))[0] == status


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, b"{"),
        (400, b"\xff"),
        (400, b'{"lines": [], "lines": []}'),
        (400, b'{"lines": [{"qty": NaN}]}'),
        (400, b"[" * 100_000),
        (400, b""),
        (422, b"[]"),
        (422, {}),
        (422, {**RESERVE, "role": "admin"}),
        (404, {"lines": [line("1", "NOSUCH")]}),
        (422, {"lines": [line("1.5")]}),
        (422, {"lines": [line(1.5)]}),
        (409, RESERVE),
        (413, b" " * (2**20 + 1)),
    ],
)
async def test_refuses_alike_by_body(both: Both, status: int, body: Any) -> None:
    assert (await both.alike(body=body, **JSON))[0] == status


async def test_hides_other_companies_alike(both: Both, world: World) -> None:
    both.lean.slug = both.quart.slug = world.carol.tenant.slug
    assert (await both.alike())[0] == 404
    both.lean.slug = both.quart.slug = "nobody-s"
    assert (await both.alike())[0] == 404


async def test_refuses_alike_what_a_role_may_not(both: Both, world: World) -> None:
    both.lean.who = both.quart.who = world.bob
    assert (await both.alike("stock/receive", {"lines": [line("1")]}))[0] == 403


async def test_slows_down_alike_who_asks_too_often(both: Both) -> None:
    for client in (both.lean, both.quart):
        parts = client.app.extensions["onhand"]
        object.__setattr__(parts.limits, "of_tenant", Limiter(1))
        assert (await client.post("stock/reserve", RESERVE, key="first")).status == 409
    status, body = await both.alike()
    assert (status, body["code"], body["retry_after_s"]) == (429, "rate_limited", 60)


async def test_refuses_alike_a_company_whose_line_is_full(both: Both) -> None:
    for client in (both.lean, both.quart):
        object.__setattr__(client.app.extensions["onhand"], "turnstile", Turnstile(0, 0))
    assert (await both.alike())[1]["code"] == "rate_limited"


async def test_says_alike_that_something_went_wrong_with_us(both: Both, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: Any) -> None:
        raise RuntimeError("a secret")

    monkeypatch.setattr("inventory.stock.perform", broken)
    status, body = await both.alike()
    assert (status, body["code"]) == (500, "internal_error")
    assert "secret" not in str(body)


async def test_counts_what_it_answers(both: Both) -> None:
    await both.lean.post("stock/reserve", RESERVE, key="k-9")
    counted = generate_latest(both.lean.app.extensions["onhand_metrics"].registry).decode()
    assert 'onhand_requests_total{method="POST",route="/v1/<tenant>/stock/reserve",status="409"} 1.0' in counted
