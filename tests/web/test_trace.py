"""What every answer carries: an id and the headers of defence."""

from __future__ import annotations

import pytest

from tests.web.conftest import Site

EVERYWHERE = ("/healthz", "/sign-in", "/nothing", "/v1/nothing", "/static/nothing.js", "/t/nowhere/stock")


@pytest.mark.parametrize("path", EVERYWHERE)
async def test_every_answer_has_an_id_and_the_headers_of_defence(site: Site, path: str) -> None:
    response = await site.browser().get(path)
    assert len(response.headers["X-Request-Id"]) >= 16
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "same-origin"
    assert "camera=(self)" in response.headers["Permissions-Policy"]
    policy = dict(part.split(" ", 1) for part in response.headers["Content-Security-Policy"].split("; "))
    assert policy == {
        "default-src": "'self'",
        "img-src": "'self' data:",
        "style-src": "'self'",
        "script-src": "'self'",
        "frame-ancestors": "'none'",
        "form-action": "'self'",
        "base-uri": "'none'",
        "object-src": "'none'",
    }
    assert "Strict-Transport-Security" not in response.headers


async def test_over_https_browsers_are_told_to_stay_there(site: Site) -> None:
    response = await site.app.test_client().get("/healthz", scheme="https")
    assert "max-age" in response.headers["Strict-Transport-Security"]


@pytest.mark.parametrize(
    ("sent", "kept"), [("till-3.order_991", True), ("short", False), ("x" * 65, False), ("evil id", False), ("naïve-request-id", False)]
)
async def test_an_id_of_the_caller_is_kept_if_it_is_sane(site: Site, sent: str, kept: bool) -> None:
    response = await site.browser().get("/healthz", X_Request_Id=sent)
    assert (response.headers["X-Request-Id"] == sent) is kept


async def test_the_process_says_whether_it_lives_and_whether_it_can_serve(site: Site) -> None:
    assert await (await site.browser().get("/healthz")).get_json() == {"status": "ok"}
    assert await (await site.browser().get("/readyz")).get_json() == {"status": "ready"}


async def test_without_its_database_it_lives_but_cannot_serve(site: Site) -> None:
    await site.world.engine.dispose()
    object.__setattr__(site.app.extensions["onhand"].wiring, "engine", _unreachable())
    assert (await site.browser().get("/healthz")).status_code == 200
    assert (await site.browser().get("/readyz")).status_code == 503


def _unreachable() -> object:
    from db.engine import make_engine

    return make_engine("postgresql://nobody@127.0.0.1:1/nothing")
