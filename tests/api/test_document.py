"""The OpenAPI document, who is asking, tickets and numbers."""

from __future__ import annotations

import re
from typing import Any

from quart import Quart

from tests.api.conftest import Client, line
from web.api.openapi import document, operations, undocumented


async def test_the_document_tells_of_every_route_and_of_no_other(app: Quart) -> None:
    assert undocumented(app) == []
    told = {(path, method) for path, methods in document(app)["paths"].items() for method in methods}
    there = set()
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith(("/v1/", "/healthz", "/readyz", "/metrics")) and not rule.websocket:
            path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)
            there |= {(path, method.lower()) for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}}
    assert told == there


async def test_every_reference_in_the_document_leads_somewhere(alice: Client) -> None:
    said = await alice.get("/v1/openapi.json")
    assert (said.status, said.body["openapi"]) == (200, "3.1.0")
    for reference in re.findall(rb'"#/components/schemas/([^"]+)"', said.raw):
        assert reference.decode() in said.body["components"]["schemas"], reference


async def test_the_document_is_true(app: Quart, alice: Client) -> None:
    """What the main routes answer has every property that their schema promises, and a status that they admit."""
    schemas = document(app)["components"]["schemas"]
    admitted = {(path, method): set(map(str, said.statuses())) for path, method, _, said in operations(app)}
    await alice.received("10")
    made = await alice.reserved("2")
    sent = await alice.post("stock/transfer", {"from": "osh", "to": "main", "lines": [line("1")]})
    for path, address, schema in (
        ("/v1/{tenant}/stock/levels", "stock/levels", "Level"),
        ("/v1/{tenant}/stock/ledger", "stock/ledger", "LedgerRow"),
        ("/v1/{tenant}/stock/reservations", "stock/reservations", "Reservation"),
        ("/v1/{tenant}/inventory/items", "inventory/items", "Item"),
        ("/v1/{tenant}/inventory/units", "inventory/units", "Unit"),
        ("/v1/{tenant}/inventory/warehouses", "inventory/warehouses", "Warehouse"),
        ("/v1/{tenant}/stock/levels/{sku}", "stock/levels/CUP", "ItemLevel"),
        ("/v1/{tenant}/stock/reservations/{reservation}", f"stock/reservations/{made['id']}", "Reservation"),
        ("/v1/{tenant}/stock/transfers", "stock/transfers", "Transfer"),
        ("/v1/{tenant}/stock/transfers/{transfer}", f"stock/transfers/{sent.body['transfer']['id']}", "Transfer"),
        ("/v1/{tenant}/me", "me", "Me"),
    ):
        said = await alice.get(address)
        assert str(said.status) in admitted[path, "get"]
        shown = said.body["items"][0] if "items" in said.body else said.body
        assert shown.keys() >= set(schemas[schema]["required"]), path
    for body in ({"lines": [line("1")]}, {"lines": [line("100")]}, {"lines": [line("x")]}, {}):
        said = await alice.post("stock/issue", body)
        assert str(said.status) in admitted["/v1/{tenant}/stock/issue", "post"]
        if said.status >= 400:
            assert said.body.keys() >= set(schemas["Problem"]["required"])


async def test_the_page_is_readable_without_script(alice: Client) -> None:
    said = await alice.get("/v1/docs")
    assert said.status == 200
    assert "/v1/{tenant}/stock/reserve" in said.body
    assert "style=" not in said.body
    assert not re.search(r"<script(?![^>]*src=)", said.body)


async def test_says_who_is_asking(alice: Client, bob: Client) -> None:
    said = await alice.get("me")
    assert (said.body["role"], said.body["tenant"]["slug"], said.body["kind"]) == ("admin", alice.who.tenant.slug, "key")
    assert "stock.receive" not in (await bob.get("me")).body["permissions"]


async def test_a_ticket_is_made_for_whoever_asks(alice: Client) -> None:
    said = await alice.send("POST", "live/ticket")
    assert (said.status, said.body["expires_in"]) == (201, 30)
    assert said.body["ticket"] != (await alice.send("POST", "live/ticket")).body["ticket"]


async def test_numbers_are_for_this_machine_only(app: Quart, alice: Client) -> None:
    await alice.received("1")
    here: Any = {"scope_base": {"client": ("127.0.0.1", 1)}}
    said = await app.test_client().get("/metrics", **here)
    text = await said.get_data(as_text=True)
    assert said.status_code == 200
    assert 'onhand_requests_total{method="POST",route="/v1/<tenant>/stock/receive",status="200"} 1.0' in text
    passed_on = await app.test_client().get("/metrics", headers={"X-Forwarded-For": "8.8.8.8"}, **here)
    elsewhere = await app.test_client().get("/metrics", scope_base={"client": ("10.0.0.9", 1)})
    assert (passed_on.status_code, elsewhere.status_code) == (404, 404)


async def test_is_alive_and_ready(alice: Client) -> None:
    assert (await alice.get("/healthz")).body == {"status": "ok"}
    assert (await alice.get("/readyz")).status == 200
