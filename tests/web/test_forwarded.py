"""Where a request came from: the connection's word, and a proxy's only if that proxy is trusted."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

import pytest

from tests.web.browser import Browser
from tests.web.conftest import Site
from web import forwarded
from web.limits import SIGN_INS_PER_MINUTE

TRUSTED = tuple(ip_network(text) for text in ("10.0.0.0/8", "fd00::/8"))
PROXY, STRANGER, CLIENT = "10.0.0.5", "203.0.113.9", "198.51.100.7"


@pytest.mark.parametrize(
    ("peer", "said", "client"),
    [
        (PROXY, [], PROXY),
        (PROXY, [CLIENT], CLIENT),
        (PROXY, ["1.2.3.4", CLIENT], CLIENT),  # what stands further left the client wrote itself
        (PROXY, [CLIENT, "10.9.9.9"], CLIENT),  # two proxies
        (PROXY, ["10.1.1.1", "10.9.9.9"], "10.1.1.1"),  # somebody inside
        (PROXY, [CLIENT, "unknown"], PROXY),
        (PROXY, [CLIENT, "nonsense", "10.9.9.9"], "10.9.9.9"),
        (PROXY, [f"{CLIENT}:4711"], CLIENT),
        (PROXY, [f"::ffff:{CLIENT}"], CLIENT),
        (PROXY, ["[2001:db8::7]:443"], "2001:db8::7"),
        (PROXY, ["2001:db8::7", "fd00::1"], "2001:db8::7"),
        (PROXY, ["127.0.0.1"], "127.0.0.1"),
        (PROXY, ["' OR 1=1"], PROXY),
        ("::ffff:10.0.0.5", [CLIENT], CLIENT),
    ],
)
def test_the_client_is_the_first_from_our_end_that_is_no_proxy(peer: str, said: list[str], client: str) -> None:
    assert forwarded.client_of(peer, said, TRUSTED) == client


@pytest.fixture
def behind(site: Site) -> Site:
    """The site behind a proxy that it trusts."""
    forwarded.install(site.app, TRUSTED)
    return site


async def came_from(site: Site, peer: str, **headers: str) -> tuple[str, bool]:
    """The address in the fact that a sign-in left, and whether its cookie is for TLS only."""
    browser = site.browser()
    response = await enter(browser, site, peer, **headers)
    assert response.status_code == 303
    said: Any = await site.app.test_client().get(f"/v1/{site.world.alice.tenant.slug}/audit?limit=1", headers=site.world.alice.bearer)
    cookies = response.headers.getlist("Set-Cookie")
    return (await said.get_json())["items"][0]["address"], any(each.startswith("__Host-onhand=") and "Secure" in each for each in cookies)


async def enter(browser: Browser, site: Site, peer: str, password: str | None = None, **headers: str) -> Any:
    alice = site.world.alice
    form = {"company": alice.tenant.slug, "email": alice.email, "password": password or alice.password, "_csrf": browser.csrf}
    told = {"Sec-Fetch-Site": "same-origin", **{name.replace("_", "-"): value for name, value in headers.items()}}
    return await browser.client.post("/sign-in", form={**form, "_key": "k"}, headers=told, scope_base={"client": (peer, 1)})


async def test_a_trusted_proxy_is_believed(behind: Site) -> None:
    said = await came_from(behind, PROXY, X_Forwarded_For=f"1.2.3.4, {CLIENT}", X_Forwarded_Proto="https")
    assert said == (CLIENT, True)


async def test_nobody_else_is(behind: Site) -> None:
    said = await came_from(behind, STRANGER, X_Forwarded_For=CLIENT, X_Forwarded_Proto="https", Forwarded=f"for={CLIENT}", X_Real_IP=CLIENT)
    assert said == (STRANGER, False)


async def test_without_the_setting_nobody_is(site: Site) -> None:
    assert await came_from(site, PROXY, X_Forwarded_For=CLIENT, X_Forwarded_Proto="https") == (PROXY, False)


@pytest.mark.parametrize("peer", [PROXY, STRANGER])
async def test_no_limit_is_evaded_by_saying_one_came_from_elsewhere(behind: Site, peer: str) -> None:
    """Each attempt names another person, so only the address is counted, and claims another address."""
    answers = []
    for number in range(SIGN_INS_PER_MINUTE + 2):
        object.__setattr__(behind.world.alice, "email", f"nobody-{number}@example.com")
        said = f"192.0.2.{number}, {CLIENT}" if peer == PROXY else f"192.0.2.{number}"
        answers.append((await enter(behind.browser(), behind, peer, "wrong", X_Forwarded_For=said)).status_code)
    assert answers[SIGN_INS_PER_MINUTE:] == [429, 429]


async def test_clients_behind_one_proxy_do_not_share_a_limit(behind: Site) -> None:
    for number in range(SIGN_INS_PER_MINUTE + 2):
        said = f"192.0.2.{number}"
        object.__setattr__(behind.world.alice, "email", f"nobody-{number}@example.com")
        assert (await enter(behind.browser(), behind, PROXY, "wrong", X_Forwarded_For=said)).status_code == 401


async def test_an_ipv6_network_counts_as_one(behind: Site) -> None:
    answers = []
    for number in range(SIGN_INS_PER_MINUTE + 2):
        object.__setattr__(behind.world.alice, "email", f"nobody-{number}@example.com")
        answers.append((await enter(behind.browser(), behind, PROXY, "wrong", X_Forwarded_For=f"2001:db8::{number}")).status_code)
    assert answers[SIGN_INS_PER_MINUTE:] == [429, 429]


async def test_a_proxy_at_home_does_not_open_what_is_for_this_machine(site: Site) -> None:
    forwarded.install(site.app, (ip_network("127.0.0.1"),))
    here: Any = {"scope_base": {"client": ("127.0.0.1", 1)}}
    for path in ("/metrics", "/outbox"):
        for said in ({"X-Forwarded-For": CLIENT}, {"X-Forwarded-For": "127.0.0.1"}, {"Forwarded": f"for={CLIENT}"}):
            assert (await site.app.test_client().get(path, headers=said, **here)).status_code == 404
