"""What somebody outside would try against any web application: headers that claim, methods that hide, links that lead away, scripts in
names. Tokens, tickets, forms and roles have files of their own."""

from __future__ import annotations

import re
from typing import Any

import pytest

from inventory.catalog import messages as catalog
from inventory.catalog import service as catalog_service
from inventory.locations import messages as places
from inventory.locations import service as places_service
from tests.web.browser import Browser
from tests.web.conftest import Site
from tests.web.shop import do, furnish, line
from web.access import permission_of
from web.api.openapi import document
from web.trace import DEFENCE, DEFENCE_TLS

EVIL = "https://evil.example"
SCRIPT = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>{{7*7}}"


# Headers that claim something


CLAIMS: tuple[dict[str, str], ...] = (
    {"X-Tenant": "{carol}"},
    {"X-Tenant-Id": "{carol_id}"},
    {"X-Original-URL": "/v1/{carol}/me"},
    {"X-Rewrite-URL": "/v1/{carol}/me"},
    {"X-Forwarded-Host": "evil.example", "X-Forwarded-Prefix": "/v1/{carol}"},
    {"X-User": "Carol", "X-Role": "admin", "X-Remote-User": "Carol"},
    {"X-HTTP-Method-Override": "POST", "X-Method-Override": "DELETE"},
    {"Cookie": "onhand_session={carol}.x; role=admin; tenant={carol}"},
)


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: "+".join(claim))
async def test_no_header_makes_anybody_somebody_else(site: Site, claim: dict[str, str]) -> None:
    bob, carol = site.world.bob, site.world.carol
    told = {name: value.format(carol=carol.tenant.slug, carol_id=carol.tenant.id) for name, value in claim.items()}
    plain, claimed = [
        await (await site.app.test_client().get(f"/v1/{bob.tenant.slug}/me", headers={**bob.bearer, **more})).get_json()
        for more in ({}, told)
    ]
    assert claimed == plain
    assert claimed["role"] == "operator"


@pytest.mark.parametrize("way", [{"X-HTTP-Method-Override": "DELETE"}, {"X-HTTP-Method": "DELETE"}, {"X-Method-Override": "DELETE"}])
async def test_no_header_and_no_question_makes_a_get_change_something(site: Site, way: dict[str, str]) -> None:
    await furnish(site, site.world.alice)
    alice, client = site.world.alice, site.app.test_client()
    path = f"/v1/{alice.tenant.slug}/inventory/items/HEART/barcodes"
    headers = {**alice.bearer, **way, "Idempotency-Key": "k"}
    for query in ("", "?_method=DELETE", "?method=DELETE"):
        await client.get(f"{path}/2100000000012{query}", headers=headers)
        kept = await (await client.get(path, headers=alice.bearer)).get_json()
        assert [each["code"] for each in kept["items"]] == ["2100000000012"]


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
async def test_a_body_that_any_site_may_send_changes_nothing(site: Site, content_type: str) -> None:
    """A form of another site can send JSON as text/plain, with the cookie."""
    alice = site.world.alice
    browser = await site.entered_by(alice)
    for headers, status in (({}, 403), ({"X-CSRF-Token": browser.csrf}, 415)):
        response = await browser.client.post(
            f"/v1/{alice.tenant.slug}/inventory/units",
            data=b'{"code": "evil", "name": "Evil"}',
            headers={"Content-Type": content_type, "Idempotency-Key": "k", **headers},
        )
        assert response.status_code == status


@pytest.mark.parametrize("method", ["GET", "OPTIONS", "POST"])
async def test_no_other_site_may_read_an_answer(site: Site, method: str) -> None:
    alice = site.world.alice
    asked = {"Origin": EVIL, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
    for path in (f"/v1/{alice.tenant.slug}/me", "/v1/openapi.json", f"/v1/{alice.tenant.slug}/stock/receive", "/healthz"):
        client: Any = site.app.test_client()
        response = await client.open(path, method=method, headers={**alice.bearer, **asked})
        assert not [name for name, _ in response.headers.items() if name.lower().startswith("access-control-")]


# What may be said in a body


def test_no_body_takes_a_field_that_it_does_not_name(site: Site) -> None:
    """So there is nothing to slip in: no company, no role, no state. That the app does as its document says, the fuzzer asks."""
    schemas = document(site.app)["components"]["schemas"]
    bodies = set()
    for methods in document(site.app)["paths"].values():
        for said in methods.values():
            if "requestBody" in said:
                bodies |= _reached(said["requestBody"], schemas)
    assert len(bodies) > 25
    open_ones = {
        name for name in bodies if schemas[name].get("type") == "object" and schemas[name].get("additionalProperties") is not False
    }
    assert open_ones == {"BulkBody"} & open_ones
    forbidden = {"tenant_id", "tenant", "is_admin", "principal_id", "seq", "hash", "on_hand", "reserved", "created_by", "version"}
    assert not {(name, field) for name in bodies for field in schemas[name].get("properties", {}) if field in forbidden}


@pytest.mark.parametrize("field", ["tenant_id", "tenant", "role_id", "is_admin", "__proto__", "constructor", "by", "seq"])
async def test_what_is_slipped_into_a_command_is_refused(site: Site, field: str) -> None:
    await furnish(site, site.world.alice)
    alice, slipped = site.world.alice, {field: site.world.carol.tenant.id}
    lines = [line("HEART", "1")]
    for number, body in enumerate(({"lines": lines, **slipped}, {"lines": [{**lines[0], **slipped}]})):
        for verb in ("receive", "reserve", "issue"):
            headers = {**alice.bearer, "Idempotency-Key": f"{verb}-{number}"}
            response = await site.app.test_client().post(f"/v1/{alice.tenant.slug}/stock/{verb}", json=body, headers=headers)
            assert response.status_code == 422, (verb, body)


async def test_nobody_gets_the_answer_to_a_key_that_somebody_else_used(site: Site) -> None:
    """Bob guesses the key and the body of a colleague, and Carol does so from outside."""
    await furnish(site, site.world.alice)
    await furnish(site, site.world.carol)
    asked = {"stock/reserve": {"lines": [line("HEART", "1")]}, "live/ticket": {}}
    for path, body in asked.items():
        said = []
        for who in (site.world.alice, site.world.bob, site.world.carol):
            headers = {**who.bearer, "Idempotency-Key": "the same for all"}
            response = await site.app.test_client().post(f"/v1/{who.tenant.slug}/{path}", json=body, headers=headers)
            assert (response.status_code, response.headers.get("Idempotent-Replayed")) == (201, None)
            found = await response.get_json()
            said.append((who.tenant.slug, found["ticket"] if "ticket" in found else found["reservation"]["id"]))
        assert len(set(said)) == 3


@pytest.mark.parametrize("key", ["", "x" * 256, "x" * 8_000, "k\u00e9", "a\tb", "a\x00b"])
async def test_a_key_is_short_and_plain(site: Site, key: str) -> None:
    alice = site.world.alice
    for path, body in (("stock/reserve", {}), ("inventory/units", {"code": "x", "name": "X"})):
        headers = {**alice.bearer, "Idempotency-Key": key}
        response = await site.app.test_client().post(f"/v1/{alice.tenant.slug}/{path}", json=body, headers=headers)
        assert response.status_code == 400


# Where links lead


NOT_OURS = (
    EVIL,
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "https:evil.example",
    "javascript:alert(1)",
    "/%09/evil.example",
    "@evil.example",
    "%2F%2Fevil.example",
    "/t/{slug}/\r\nSet-Cookie: x=y",
)


@pytest.mark.parametrize("onward", NOT_OURS)
async def test_no_link_leads_to_another_site(site: Site, onward: str) -> None:
    slug = site.world.bob.tenant.slug
    onward = onward.format(slug=slug)
    entered = await site.browser().sign_in(site.world.bob, next=onward)
    chosen = await site.browser().client.get("/language/ru", query_string={"next": onward})
    for response in (entered, chosen):
        assert _is_ours(response.headers["Location"]), response.headers["Location"]
        assert response.headers.getlist("Set-Cookie") == [
            each for each in response.headers.getlist("Set-Cookie") if each.startswith("onhand")
        ]


@pytest.mark.parametrize("path", ["//evil.example/", "//evil.example/%2e%2e", "/t//evil.example/", "//evil.example//t/", "/\\evil.example"])
async def test_no_address_leads_to_another_site(site: Site, path: str) -> None:
    response = await site.browser().get(path)
    location = response.headers.get("Location", "/")
    assert _is_ours(location.removeprefix("http://localhost")), location


def _is_ours(location: str) -> bool:
    return re.match(r"/(?![/\\])", location) is not None and location.isprintable() and "\\" not in location


# What every answer carries


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_every_answer_defends_its_reader(site: Site, scheme: str) -> None:
    alice, slug = site.world.alice, site.world.alice.tenant.slug
    asked: tuple[tuple[str, str, dict[str, Any], int], ...] = (
        ("GET", "/sign-in", {}, 200),
        ("HEAD", "/sign-in", {}, 200),
        ("GET", "/", {}, 303),
        ("GET", "/no/such/page", {}, 404),
        ("GET", "/v1/no/such/thing", {}, 404),
        ("DELETE", "/sign-in", {}, 405),
        ("OPTIONS", "/v1/openapi.json", {}, 200),
        ("TRACE", "/healthz", {}, 405),
        ("GET", f"/v1/{slug}/me", {}, 401),
        ("GET", f"/v1/{slug}/me", {"headers": alice.bearer}, 200),
        ("GET", f"/v1/{slug}/inventory/items", {"headers": {**alice.bearer, "Accept": "text/csv"}}, 200),
        ("GET", f"/v1/{slug}/inventory/items?limit=x", {"headers": alice.bearer}, 422),
        ("POST", f"/v1/{slug}/stock/receive", {"headers": alice.bearer}, 400),
        ("POST", f"/v1/{slug}/stock/receive", {"headers": {**alice.bearer, "Idempotency-Key": "k"}, "data": b"x" * (2**20 + 1)}, 413),
        ("POST", f"/v1/{slug}/inventory/units", {"headers": {**alice.bearer, "Idempotency-Key": "k"}, "data": b"x"}, 415),
        ("POST", "/sign-in", {"data": b"x"}, 403),
        ("GET", f"/t/{slug}/", {"headers": {"HX-Request": "true"}}, 204),
        ("GET", "/static/css/nothing.css", {}, 404),
        ("GET", f"/static/{_some_file(site)}", {}, 200),
        ("GET", f"/static/{_some_file(site)}", {"headers": {"Range": "bytes=0-9"}}, 206),
        ("GET", f"/static/{_some_file(site)}", {"headers": {"If-Modified-Since": "Fri, 31 Dec 2100 00:00:00 GMT"}}, 304),
    )
    for method, path, more, status in asked:
        client: Any = site.app.test_client()
        response = await client.open(path, method=method, scheme=scheme, **more)
        assert response.status_code == status, (method, path)
        for name, value in (*DEFENCE, *(DEFENCE_TLS if scheme == "https" else ())):
            assert response.headers.getlist(name) == [value], (method, path, name)
        assert response.headers["X-Request-Id"]
        assert len(response.headers.getlist("Cache-Control")) == 1, (method, path)
        if not path.startswith(("/static", "/v1/openapi")):
            assert response.headers["Cache-Control"] == "no-store", (method, path)
        assert "Server" not in response.headers


def _some_file(site: Site) -> str:
    from web.static import FOLDER

    return next(str(path.relative_to(FOLDER)) for path in sorted(FOLDER.rglob("*.css")))


async def test_every_cookie_is_for_this_host_and_out_of_reach_of_scripts(site: Site) -> None:
    """In production, where they are Secure as well whatever the connection to the proxy was."""
    object.__setattr__(site.app.extensions["onhand"].wiring, "environment", "production")
    site.app.config["SESSION_COOKIE_SECURE"] = True
    set_by: list[str] = []
    browser = site.browser()
    for response in (
        await browser.get("/sign-in"),
        await browser.sign_in(site.world.alice),
        await browser.get("/language/ky"),
        await browser.post(f"/t/{site.world.alice.tenant.slug}/preferences", {"language": "en", "theme": "dark"}),
        await browser.post("/sign-out"),
    ):
        set_by += response.headers.getlist("Set-Cookie")
    names = {each.partition("=")[0] for each in set_by}
    assert {"__Host-onhand", "onhand_company", "onhand_language"} <= names
    for each in set_by:
        attributes = {part.strip() for part in each.split(";")[1:]}
        assert {"HttpOnly", "Secure", "SameSite=Lax", "Path=/"} <= attributes, each
        assert not [part for part in attributes if part.startswith("Domain")]


# Scripts in names


async def test_what_people_type_is_never_run(site: Site) -> None:
    """On every page, whole or part: names, notes, references and searches with a script in them are shown as they were typed."""
    alice = site.world.alice
    ctx = await furnish(site, alice)
    async with ctx.writing() as work:
        await catalog_service.create_item(ctx, work, catalog.NewItem("EVIL", SCRIPT, category=SCRIPT[:60]))
        await places_service.create_warehouse(ctx, work, places.NewWarehouse("evil", SCRIPT))
    await do(ctx, "receive", lines=[line("EVIL", "5", "evil")], reference=SCRIPT, reason=SCRIPT)
    held: Any = await do(ctx, "reserve", lines=[line("EVIL", "1", "evil")], reference=SCRIPT)
    sent: Any = await do(ctx, "transfer", **{"from": "evil", "to": "osh", "lines": [{"sku": "EVIL", "qty": "1"}], "reference": SCRIPT})
    browser = await site.entered_by(alice)
    shown = 0
    for path in _pages(site, alice.tenant.slug, ("EVIL", "evil", held["reservation"]["id"], sent["transfer"]["id"])):
        for headers in ({}, {"HX-Request": "true"}):
            text = await _read(browser, f"{path}?q={SCRIPT}&reference={SCRIPT}&next={SCRIPT}", headers)
            assert "<script>alert" not in text, path
            assert "<img src=x" not in text, path
            assert "49}" not in text, path
            shown += "&lt;script&gt;alert(1)" in text
    assert shown > 20


def _pages(site: Site, slug: str, words: tuple[str, ...]) -> list[str]:
    found = set()
    for rule in site.app.url_map.iter_rules():
        if rule.rule.startswith("/t/") and "GET" in (rule.methods or ()) and permission_of(site.app, rule.endpoint) is not None:
            for word in words:
                path = re.sub(r"<int:\w+>", "1", rule.rule.replace("<tenant>", slug))
                found.add(re.sub(r"<(?:path:)?\w+>", word, path))
    return sorted(found)


async def _read(browser: Browser, path: str, headers: dict[str, str]) -> str:
    response = await browser.client.get(path, headers=headers)
    assert response.status_code < 500, path
    return str(await response.get_data(as_text=True)) if "html" in (response.content_type or "") else ""


# What is behind a refused line


async def test_a_refused_line_is_an_answer_like_any_other(site: Site) -> None:
    from quart.testing import WebsocketResponseError

    path = f"/v1/{site.world.alice.tenant.slug}/live"
    for headers, status in (({}, 401), (site.world.carol.bearer, 404), ({"Origin": EVIL}, 403)):
        with pytest.raises(WebsocketResponseError) as refused:
            async with site.app.test_client().websocket(path, headers=headers) as socket:
                await socket.receive()
        response = refused.value.response
        assert response.status_code == status
        assert response.content_type == "application/problem+json"
        assert response.headers["X-Request-Id"]
        for name, value in DEFENCE:
            assert response.headers.getlist(name) == [value]


def _reached(value: Any, schemas: dict[str, Any], seen: frozenset[str] = frozenset()) -> set[str]:
    """Names of schemas that a schema leads to."""
    found: set[str] = set()
    for name in re.findall(r"'#/components/schemas/(\w+)'", repr(value)):
        if name not in seen:
            found |= {name} | _reached(schemas[name], schemas, seen | {name})
    return found
