"""Every role on every route: it may exactly what its permissions say, whichever way the route is asked."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tenants.domain import EVERY_PERMISSION, PERMISSIONS, ROLES_GIVEN, Actor, Role
from tenants.messages import NewKey
from tests.people import hire, keys_of
from tests.web.conftest import Site
from web.access import ANYONE_HERE, ENROLLING, permission_of

HOUSE = Path(__file__).parents[2]


def routes(site: Site) -> list[tuple[str, str, str]]:
    """(method, path without the company, permission) of every route of a company."""
    found = []
    for rule in site.app.url_map.iter_rules():
        permission = permission_of(site.app, rule.endpoint)
        if "tenant" not in rule.arguments or rule.websocket or not permission or rule.rule.endswith("/events"):
            continue  # live lines have a probe of their own: tests/live/test_isolation.py
        path = re.sub(r"<int:\w+>", "999999", rule.rule.replace("<tenant>", "{tenant}"))
        path = re.sub(r"<(?:path:)?\w+>", "none", path)
        found += [(method, path, permission) for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})]
    return sorted(found)


@pytest.mark.parametrize("role", ROLES_GIVEN)
async def test_a_role_may_what_its_permissions_say_and_nothing_else(site: Site, role: Role) -> None:
    """Asked with nothing in it, so whoever may is told what is missing, or shown the page."""
    dan = await hire(site.world.people, site.world.alice, "Dan", role)
    mine = Actor(dan.actor.principal_id, "key", "Dan's key", role)
    refused, wrong = 0, []
    for method, path, permission in routes(site):
        status = await answered(site, method, path.format(tenant=dan.tenant.slug), dan.bearer)
        may = permission in (ANYONE_HERE, ENROLLING) or mine.may(permission)
        refused += not may
        if (status == 403) is may:
            wrong.append((method, path, permission, status))
    assert wrong == []
    assert refused or role is Role.ADMIN


@pytest.mark.parametrize("scope", ["stock.read", "stock.reserve", "people.write"])
async def test_a_key_of_an_admin_may_what_its_scopes_name_and_nothing_else(site: Site, scope: str) -> None:
    alice = site.world.alice
    key = await keys_of(site.world.people).make(alice.tenant, alice.actor, NewKey("narrow", Role.ADMIN, scopes=frozenset({scope})))
    bearer, wrong = {"Authorization": f"Bearer {key.text}"}, []
    for method, path, permission in routes(site):
        status = await answered(site, method, path.format(tenant=alice.tenant.slug), bearer)
        if (status == 403) is (permission in (ANYONE_HERE, ENROLLING, scope)):
            wrong.append((method, path, permission, status))
    assert wrong == []


def test_the_page_about_security_tells_the_same() -> None:
    """`docs/security.md` has a row for each permission, with who has it."""
    told = {}
    for row in re.findall(r"^\| `([a-z._]+)` \| (.*?) \|$", (HOUSE / "docs/security.md").read_text(), re.MULTILINE):
        told[row[0]] = [word.strip() == "yes" for word in row[1].split("|")[: len(ROLES_GIVEN)]]
    assert told == {name: [name in PERMISSIONS[role] for role in ROLES_GIVEN] for name in EVERY_PERMISSION}, "put the roles right there"


async def answered(site: Site, method: str, path: str, headers: dict[str, str]) -> int:
    """The status. What is said with it is said in full: as a page, or as a problem."""
    client: Any = site.app.test_client()
    response = await client.open(path, method=method, headers=headers, json={} if method != "GET" else None)
    said = await response.get_data(as_text=True)
    assert response.status_code < 500, (method, path, said)
    if response.status_code == 403:
        assert ("not_allowed" if path.startswith("/v1/") else "</html>") in said, (method, path)
    return int(response.status_code)
