"""The API as a stranger to it would try it: whatever its own document allows, and much that it does not, on a real server.

Schemathesis makes requests of the document at `/v1/openapi.json` and demands of the answers what that says: statuses, media types,
schemas, refusal of what does not fit; `hooks.py` adds what every answer promises. Here it is repeatable and takes half a minute.
With `FUZZ=600` it goes on for so many seconds, from another seed each time and through chains of requests as well.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx2
import pytest

from db.engine import make_engine
from inventory import stock
from inventory.catalog import messages as catalog
from inventory.catalog import service as catalog_service
from inventory.locations import messages as places
from inventory.locations import service as places_service
from tenants.domain import Role
from tenants.messages import NewKey
from tests.conftest import Database
from tests.people import Person
from tests.serving import shop
from tests.webs import Web

SECONDS = int(os.environ.get("FUZZ", "0"))
HERE = Path(__file__).parent
VERBS = f"/stock/({'|'.join((*stock.VERBS, 'bulk'))})$"
SEED, EXAMPLES = "1", "3"
pytestmark = pytest.mark.timeout(2 * SECONDS + 400)


@dataclass(frozen=True)
class Target:
    """A server with a shop in it, and the shop's owner, who may do everything with a key and in a browser."""

    url: str
    owner: Person
    words: dict[str, list[str]]

    def fuzzed(self, way: str, *options: str, **credentials: str) -> subprocess.CompletedProcess[str]:
        """Run the fuzzer to its end as whoever comes this way (`key` or `session`) with these credentials."""
        headers = [part for name, value in credentials.items() for part in ("--header", f"{name.replace('_', '-')}: {value}")]
        effort = ["--max-time", str(SECONDS)] if SECONDS else ["--max-examples", EXAMPLES, "--seed", SEED, "--phases", "coverage,fuzzing"]
        command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(HERE / "schemathesis.toml"), "run"]
        environ = {
            **os.environ,
            "FUZZ_WAY": way,
            "FUZZ_CREDENTIAL": next(iter(credentials.values())),
            "FUZZ_TENANT": self.owner.tenant.slug,
            "FUZZ_WORDS": json.dumps(self.words),
            "FUZZ_OWN": json.dumps(self.words["own"]),
            "COLUMNS": "140",
        }
        address = f"{self.url}/v1/openapi.json"
        return subprocess.run(
            [*command, address, *headers, *effort, *options], cwd=HERE.parents[1], env=environ, capture_output=True, text=True
        )


@pytest.fixture(scope="module")
def target(database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """The web as a process of its own."""
    import asyncio

    with asyncio.Runner() as runner:
        web = runner.run(Web(database, tmp_path_factory.mktemp("var")).start())
        yield runner.run(_furnished(database, web))
        runner.run(web.stop())


def test_a_program_with_a_key_gets_what_the_document_says(target: Target) -> None:
    """Stock commands go by the lean path."""
    said = target.fuzzed("key", Authorization=f"Bearer {target.owner.key}")
    _demand(said, 80)


def test_a_browser_with_a_session_gets_what_the_document_says(target: Target) -> None:
    """Stock commands go by Quart; what is not about stock has been asked with the key."""
    said = target.fuzzed("session", "--include-path-regex", VERBS, **_signed_in(target))
    _demand(said, 12)


def _demand(said: subprocess.CompletedProcess[str], operations: int) -> None:
    assert said.returncode == 0, said.stdout[-12_000:] + said.stderr[-2_000:]
    counted = re.search(r"Selected: (\d+)/\d+\s+Tested: (\d+)", said.stdout)
    assert counted, said.stdout
    assert operations <= int(counted[1]) == int(counted[2])
    made = re.search(r"([\d,]+) generated, ([\d,]+) passed", said.stdout)
    assert made, said.stdout
    assert int(made[1].replace(",", "")) > 20 * operations


async def _furnished(database: Database, web: Web) -> Target:
    """A shop with some of everything that the document has a word for."""
    engine = make_engine(database.app, pool_size=2)
    world = await shop(engine, Role.OPERATOR)
    alice = world.alice
    key = await world.keys.make(alice.tenant, alice.actor, NewKey("everything", Role.ADMIN, scopes=alice.actor.permissions))
    owner, ctx = replace(alice, key=key.text), alice.context(engine)
    async with ctx.writing() as work:
        await catalog_service.create_item(ctx, work, catalog.NewItem("SPARE", "Spare"))
        await places_service.create_warehouse(ctx, work, places.NewWarehouse("spare", "Spare"))
    await engine.dispose()
    lines = {"lines": [{"sku": "CUP", "warehouse": "osh", "qty": "50"}, {"sku": "ROPE", "warehouse": "main", "qty": "20.5"}]}
    one = {"lines": [{"sku": "CUP", "warehouse": "osh", "qty": "2"}]}
    await _asked(web, owner, "stock/receive", lines)
    holds = [(await _asked(web, owner, "stock/reserve", one | {"reference": f"SO-{n}"}))["reservation"]["id"] for n in range(6)]
    sent = [
        (await _asked(web, owner, "stock/transfer", {"from": "osh", "to": "main", "lines": [{"sku": "CUP", "qty": "1"}]})) for _ in range(4)
    ]
    invited = await _asked(web, owner, "invitations", {"email": "dana@example.com", "role": "viewer"})
    await _asked(web, owner, "inventory/suppliers", {"code": "teahouse", "name": "Tea house"})
    bought = {"supplier": "teahouse", "warehouse": "osh", "lines": [{"sku": "CUP", "qty": "12"}]}
    orders = [(await _asked(web, owner, "purchasing/orders", bought | {"reference": f"{n}"}))["number"] for n in range(4)]
    words = {
        "sku": ["CUP", "ROPE"],
        "code": ["osh", "main", "CUP", "pcs", "teahouse"],
        "supplier": ["teahouse"],
        "warehouse": ["osh", "main"],
        "from": ["osh"],
        "to": ["main"],
        "qty": ["1", "0.5"],
        "reservation": holds,
        "transfer": [each["transfer"]["id"] for each in sent],
        "job": ["verify_deep", "clean_letters"],
        "number": [str(world.bob.actor.principal_id), str(invited["id"]), *orders],
        "own": [str(alice.actor.principal_id), str(key.id)],
    }
    return Target(web.url, owner, words)


async def _asked(web: Web, who: Person, path: str, body: Any) -> Any:
    said = await web.ask(who, path, body, f"{path} {body}")
    assert said.status_code in (200, 201), said.text
    return said.json()


def _signed_in(target: Target) -> dict[str, str]:
    """What a browser sends after its owner came in by the door."""
    with httpx2.Client(base_url=target.url) as browser:
        page = browser.get("/sign-in").text
        token = re.search(r'name="_csrf" value="([^"]+)"', page)
        assert token
        owner = target.owner
        form = {"_csrf": token[1], "company": owner.tenant.slug, "email": owner.email, "password": owner.password}
        assert browser.post("/sign-in", data=form).status_code == 303
        token_now = browser.get(f"/v1/{owner.tenant.slug}/kiosk/session").json()["csrf"]
        return {"Cookie": f"onhand_session={browser.cookies['onhand_session']}", "X_CSRF_Token": token_now}
