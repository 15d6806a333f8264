"""Programs on live lines: with a key or a token, and what becomes of their lines when they are cut off."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import httpx2
import orjson
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tenants.domain import Role
from tenants.messages import NewKey
from tests.api.issuer import AUDIENCE, issuer_at_work
from tests.live.test_lines import Server, one_server, server  # noqa: F401 - the same server and companies
from tests.people import Person

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def sent(server: Server, who: Person, path: str, body: Any = None) -> Any:  # noqa: F811
    async with httpx2.AsyncClient(base_url=server.url) as client:
        headers = {**who.bearer, "Idempotency-Key": path}
        response = await client.post(f"/v1/{who.tenant.slug}/{path}", json=body if body is not None else {}, headers=headers)
    assert response.status_code in (200, 201), response.text
    return response.json()


async def test_a_till_with_a_token_works_on_its_line_until_it_is_cut_off(server: Server) -> None:  # noqa: F811
    alice = server.world.alice
    key = await server.world.keys.make(alice.tenant, alice.actor, NewKey("boss", Role.ADMIN, scopes=alice.actor.permissions))
    boss = replace(alice, key=key.text)
    with issuer_at_work() as issuer:
        trust = {"issuer": issuer.url, "audience": AUDIENCE, "algorithm": "RS256", "roles": {"stock": "inventory"}}
        await sent(server, boss, "issuers", trust)
        address = f"{server.live_url}/v1/{alice.tenant.slug}/live"
        with pytest.raises(InvalidStatus):
            async with connect(address, additional_headers={"Authorization": f"Bearer {issuer.token(alice.tenant.slug, aud='x')}"}):
                pass
        async with connect(address, additional_headers={"Authorization": f"Bearer {issuer.token(alice.tenant.slug)}"}) as till:
            body = {"lines": [{"sku": "CUP", "warehouse": "osh", "qty": "3"}]}
            await till.send(orjson.dumps({"op": "do", "id": "1", "verb": "receive", "key": "k1", "body": body}).decode())
            answer = orjson.loads(await asyncio.wait_for(till.recv(), 10))
            assert (answer["id"], answer["status"]) == ("1", 200), answer
            async with httpx2.AsyncClient(base_url=server.url) as client:
                listed = (await client.get(f"/v1/{alice.tenant.slug}/machines", headers=boss.bearer)).json()["items"]
            await sent(server, boss, f"machines/{listed[0]['id']}/revoke")
            with pytest.raises(ConnectionClosed):
                await asyncio.wait_for(till.recv(), 10)
            assert till.close_code == 1008
