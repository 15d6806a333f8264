"""Who gets in: keys, cookies, roles, and forms that only our own pages can send."""

from __future__ import annotations

from typing import Any

import pytest
from quart import Blueprint, g, request, websocket
from quart.testing import WebsocketResponseError

from kit.errors import refuse
from tenants.domain import Role
from tests.people import hire
from tests.web.conftest import Site
from web import access, respond
from web.access import allow, ctx, public
from web.limits import MUTATIONS_OF_PRINCIPAL

probe = Blueprint("probe", __name__)


@probe.get("/v1/<tenant>/probe")
@allow("stock.read")
async def look(tenant: str) -> Any:
    return respond.json({"who": ctx().actor.label, "tenant": ctx().tenant.slug})


@probe.post("/v1/<tenant>/probe")
@allow("stock.reserve")
async def act(tenant: str) -> Any:
    return respond.json({"who": ctx().actor.label}, 201)


@probe.post("/t/<tenant>/probe")
@allow("catalog.write")
async def form(tenant: str) -> Any:
    return respond.json({"typed": (await request.form).get("name")})


@probe.websocket("/v1/<tenant>/probe-live")
@allow("stock.read")
async def live(tenant: str) -> None:
    await websocket.accept()
    await websocket.send(ctx().actor.label)


@pytest.fixture
def site(site: Site) -> Site:
    site.app.register_blueprint(probe)
    return site


async def problem(response: Any) -> tuple[int, str]:
    assert response.content_type == "application/problem+json"
    return response.status_code, (await response.get_json(force=True))["code"]


async def test_a_key_acts_for_its_company(site: Site) -> None:
    bob = site.world.bob
    response = await site.app.test_client().get(f"/v1/{bob.tenant.slug}/probe", headers=bob.bearer)
    assert await response.get_json() == {"who": "Bob's key", "tenant": bob.tenant.slug}


@pytest.mark.parametrize("header", [None, "Bearer", "Bearer ", "Bearer nonsense", "Basic Ym9iOmJvYg==", "Bearer oh_x_" + "a" * 43])
async def test_without_a_valid_key_nobody_is_signed_in(site: Site, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}
    response = await site.app.test_client().get(f"/v1/{site.world.bob.tenant.slug}/probe", headers=headers)
    assert await problem(response) == (401, "not_signed_in")
    assert response.headers["WWW-Authenticate"].startswith("Bearer")


async def test_an_invalid_key_is_not_helped_by_a_valid_cookie(site: Site) -> None:
    browser = await site.entered_by(site.world.bob)
    response = await browser.get(f"/v1/{site.world.bob.tenant.slug}/probe", Authorization="Bearer nonsense")
    assert await problem(response) == (401, "not_signed_in")


@pytest.mark.parametrize("slug", ["others", "nowhere"])
async def test_another_company_is_not_there_like_one_that_does_not_exist(site: Site, slug: str) -> None:
    asked = site.world.carol.tenant.slug if slug == "others" else "no-such-company"
    response = await site.app.test_client().get(f"/v1/{asked}/probe", headers=site.world.bob.bearer)
    assert await problem(response) == (404, "not_found")


async def test_a_role_without_the_permission_is_told_which_one_it_lacks(site: Site) -> None:
    vera = await hire(site.world.people, site.world.alice, "Vera", Role.VIEWER)
    response = await site.app.test_client().post(f"/v1/{vera.tenant.slug}/probe", headers=vera.bearer)
    assert await problem(response) == (403, "not_allowed")
    body = await response.get_json(force=True)
    assert (body["permission"], body["role"]) == ("stock.reserve", "viewer")


async def test_a_mutation_says_what_is_left_of_its_limit(site: Site) -> None:
    response = await site.app.test_client().post(f"/v1/{site.world.bob.tenant.slug}/probe", headers=site.world.bob.bearer)
    assert response.status_code == 201
    left = [int(response.headers[f"RateLimit-{name}"]) for name in ("Limit", "Remaining")]
    assert left == [MUTATIONS_OF_PRINCIPAL, MUTATIONS_OF_PRINCIPAL - 1]
    read = await site.app.test_client().get(f"/v1/{site.world.bob.tenant.slug}/probe", headers=site.world.bob.bearer)
    assert "RateLimit-Limit" not in read.headers


async def test_a_person_who_is_not_signed_in_is_led_to_the_door_and_back(site: Site) -> None:
    slug = site.world.bob.tenant.slug
    response = await site.browser().get(f"/t/{slug}/?warehouse=osh")
    assert (response.status_code, response.headers["Location"]) == (303, f"/t/{slug}/sign-in?next=%2Ft%2F{slug}%2F%3Fwarehouse%3Dosh")


async def test_a_fragment_moves_the_whole_page_to_the_door(site: Site) -> None:
    response = await site.browser().get(f"/t/{site.world.bob.tenant.slug}/", HX_Request="true")
    assert (response.status_code, response.headers["HX-Redirect"]) == (204, f"/t/{site.world.bob.tenant.slug}/sign-in")


FORMS: tuple[tuple[dict[str, str | None], int], ...] = (
    ({}, 200),
    ({"Sec-Fetch-Site": "none"}, 200),
    ({"Sec-Fetch-Site": "cross-site"}, 403),
    ({"Sec-Fetch-Site": "same-site"}, 403),
    ({"Sec-Fetch-Site": None, "Origin": "http://localhost"}, 200),
    ({"Sec-Fetch-Site": None, "Origin": "https://evil.example"}, 403),
    ({"Sec-Fetch-Site": None, "Origin": "null"}, 403),
    ({"Sec-Fetch-Site": None}, 200),
    ({"_csrf": None}, 403),
    ({"_csrf": ""}, 403),
    ({"_csrf": "forged"}, 403),
    ({"_csrf": "anothers"}, 403),
    ({"_csrf": "visitors"}, 403),
    ({"_csrf": None, "X-CSRF-Token": "own"}, 200),
)


async def test_a_form_comes_from_our_own_page_in_the_same_session(site: Site) -> None:
    browser = await site.entered_by(site.world.alice)
    tokens = {"own": browser.csrf, "anothers": (await site.entered_by(site.world.alice)).csrf, "visitors": site.browser().csrf}
    for sent, status in FORMS:
        fields = {"name": "x", "_csrf": sent.get("_csrf", "own")}
        headers = {"Sec-Fetch-Site": "same-origin"} | {name: value for name, value in sent.items() if name != "_csrf"}
        response = await browser.client.post(
            f"/t/{site.world.alice.tenant.slug}/probe",
            form={name: tokens.get(value, value) for name, value in fields.items() if value is not None},
            headers={name: tokens.get(value, value) for name, value in headers.items() if value is not None},
        )
        assert response.status_code == status, sent


async def test_a_cookie_needs_the_token_on_the_api_too(site: Site) -> None:
    browser = await site.entered_by(site.world.bob)
    path = f"/v1/{site.world.bob.tenant.slug}/probe"
    refused = await browser.client.post(path, json={})
    assert await problem(refused) == (403, "form_not_ours")
    assert (await browser.client.post(path, json={}, headers={"X-CSRF-Token": browser.csrf})).status_code == 201


async def test_a_session_that_was_ended_opens_nothing_more(site: Site) -> None:
    browser = await site.entered_by(site.world.bob)
    await site.app.extensions["onhand"].sessions.sign_out(browser.session)
    assert (await browser.get(f"/v1/{site.world.bob.tenant.slug}/probe")).status_code == 401


async def test_a_socket_takes_a_key_or_a_ticket_and_never_a_cookie(site: Site) -> None:
    bob, client = site.world.bob, site.app.test_client()
    path = f"/v1/{bob.tenant.slug}/probe-live"
    async with client.websocket(path, headers=bob.bearer) as socket:
        assert await socket.receive() == "Bob's key"
    browser = await site.entered_by(bob)
    ticket = await site.world.sessions.ticket(await site.world.callers.of_session(browser.session or "") or pytest.fail("nobody"))
    async with client.websocket(f"{path}?ticket={ticket}") as socket:
        assert await socket.receive() == "Bob"
    for connect, headers in (
        (path, {}),
        (path, {"Cookie": f"onhand_session={browser.session}"}),
        (f"{path}?ticket={ticket}", {}),
        (path, site.world.carol.bearer),
        (f"{path}?ticket=x", {"Origin": "https://evil.example"}),
    ):
        with pytest.raises(WebsocketResponseError) as refused:
            async with client.websocket(connect, headers=headers) as socket:
                await socket.receive()
        assert refused.value.response.status_code in (401, 403, 404)


def test_a_route_that_does_not_say_who_may_call_it_keeps_the_app_from_starting(site: Site) -> None:
    async def silent() -> str:
        return ""

    site.app.add_url_rule("/silent", "silent", silent)
    with pytest.raises(AssertionError, match="silent"):
        access.check(site.app)


async def test_public_pages_know_nobody_unless_they_ask(site: Site) -> None:
    seen: list[Any] = []

    @public
    async def open_page() -> str:
        seen.append(g.get("caller"))
        raise refuse("not_found")

    site.app.add_url_rule("/open", "open", open_page)
    browser = await site.entered_by(site.world.bob)
    assert (await browser.get("/open")).status_code == 404
    assert seen == [None]
