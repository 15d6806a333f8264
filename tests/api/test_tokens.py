"""Programs that come with a token of an issuer their company trusts, and tokens that must open nothing."""

from __future__ import annotations

import hmac
import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest
from quart import Quart

from tenants.domain import PERMISSIONS, Role
from tenants.messages import NewKey
from tests.api.conftest import BOTH_EDGES, Client, line
from tests.api.issuer import AUDIENCE, KINDS, Issuer, issuer_at_work, part, signed
from tests.people import World

pytestmark = BOTH_EDGES


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with issuer_at_work() as found:
        yield found


@pytest.fixture
async def boss(app: Quart, world: World) -> Client:
    """A program of Alice's that may trust issuers, for its scopes say so; and all an admin may beside."""
    scopes = world.alice.actor.permissions
    key = await world.keys.make(world.alice.tenant, world.alice.actor, NewKey("boss", Role.ADMIN, scopes=scopes))
    return Client(app, replace(world.alice, key=key.text))


async def trusted(boss: Client, issuer: Issuer, **changes: Any) -> dict[str, Any]:
    body = {"issuer": issuer.url, "audience": AUDIENCE, "algorithm": "RS256", "roles": {"stock": "inventory", "look": "viewer"}}
    said = await boss.post("issuers", body | changes)
    assert said.status == 201, said.body
    found: dict[str, Any] = said.body
    return found


def shows(boss: Client, token: str) -> Client:
    """A program that shows this token."""
    return Client(boss.app, replace(boss.who, key=token))


async def receives(client: Client) -> Any:
    """A stock command: the lean path, or Quart."""
    return await client.post("stock/receive", {"lines": [line("1")]})


async def test_a_token_is_taken_like_a_key_and_the_ledger_says_who(boss: Client, issuer: Issuer) -> None:
    await trusted(boss, issuer)
    slug = boss.who.tenant.slug
    robot = shows(boss, issuer.token(slug))
    assert (await receives(robot)).status == 200
    me = (await robot.get("me")).body
    assert (me["kind"], me["name"], me["role"]) == ("machine", "picker-robot", "inventory")
    row = (await boss.get("stock/ledger")).body["items"][0]
    assert (row["by"], row["role"]) == ("picker-robot", "inventory")
    # The next token of the same program is the same hand in the ledger.
    assert (await receives(shows(boss, issuer.token(slug)))).status == 200
    machines = (await boss.get("machines")).body["items"]
    assert [(each["subject"], each["issuer"]) for each in machines] == [("picker-robot", issuer.url)]
    assert issuer.asked.count("/keys") == 1


@pytest.mark.parametrize("algorithm", ["ES256", "EdDSA"])
async def test_other_algorithms_are_taken_where_the_issuer_has_them(boss: Client, issuer: Issuer, algorithm: str) -> None:
    issuer.has_key("other", algorithm)
    await trusted(boss, issuer, algorithm=algorithm, jwks_url=f"{issuer.url}/keys")
    slug = boss.who.tenant.slug
    assert (await receives(shows(boss, issuer.token(slug, "other", algorithm)))).status == 200
    assert (await receives(shows(boss, issuer.token(slug)))).status == 401, "one algorithm for an issuer: its RSA key is not for this"


def _none(issuer: Issuer, slug: str) -> str:
    return f"{part({'alg': 'none', 'typ': 'JWT'})}.{part(issuer.claims(slug))}."


def _none_cased(issuer: Issuer, slug: str) -> str:
    return f"{part({'alg': 'nOnE', 'kid': 'k1'})}.{part(issuer.claims(slug))}."


def _unsigned(issuer: Issuer, slug: str) -> str:
    return issuer.token(slug).rpartition(".")[0] + "."


def _hs_with_public_key(issuer: Issuer, slug: str) -> str:
    """HS256, with the public key as the shared secret."""
    head = f"{part({'alg': 'HS256', 'kid': 'k1'})}.{part(issuer.claims(slug))}"
    pem = issuer.keys["k1"].as_pem(private=False)
    return f"{head}.{urlsafe_b64encode(hmac.new(pem, head.encode(), sha256).digest()).rstrip(b'=').decode()}"


def _changed(issuer: Issuer, slug: str) -> str:
    head, _, signature = issuer.token(slug).split(".")
    return f"{head}.{part(issuer.claims(slug, roles=['stock'], sub='somebody-else'))}.{signature}"


def _own_key(header: Callable[[Any], dict[str, Any]]) -> Callable[[Issuer, str], str]:
    """Signed with a key of the attacker's, which the header brings or points to."""

    def make(issuer: Issuer, slug: str) -> str:
        key = KINDS["RS256"]()
        issuer.answers["/evil"] = {"keys": [{**key.as_dict(private=False), "kid": "k1"}]}
        return signed(key, "RS256", header((key, issuer)), issuer.claims(slug))

    return make


def _with(**changes: Any) -> Callable[[Issuer, str], str]:
    return lambda issuer, slug: issuer.token(slug, **{name: value(issuer) if callable(value) else value for name, value in changes.items()})


def _now(seconds: int) -> Callable[[Issuer], int]:
    return lambda issuer: int(time.time()) + seconds


def _twins(issuer: Issuer, slug: str) -> str:
    """A claim that comes twice, properly signed: two readers would take it for two things."""
    from joserfc import jws

    text = json.dumps(issuer.claims(slug))[:-1] + f', "tenant": "{slug}"}}'
    return jws.serialize_compact({"alg": "RS256", "kid": "k1"}, text, issuer.keys["k1"], algorithms=["RS256"])


BAD: dict[str, Callable[[Issuer, str], str]] = {
    "alg none": _none,
    "alg none in another case": _none_cased,
    "no signature": _unsigned,
    "HS256 with the public key": _hs_with_public_key,
    "claims changed after signing": _changed,
    "signed by nobody known": _own_key(lambda made: {"kid": "k1"}),
    "a key in the header": _own_key(lambda made: {"kid": "k1", "jwk": made[0].as_dict(private=False)}),
    "jku": _own_key(lambda made: {"kid": "k1", "jku": f"{made[1].url}/evil"}),
    "x5u": _own_key(lambda made: {"kid": "k1", "x5u": f"{made[1].url}/evil"}),
    "x5c": _own_key(lambda made: {"kid": "k1", "x5c": ["MIIB"]}),
    "jku beside a good signature": _with(header={"jku": "https://evil.example/keys"}),
    "crit": _with(header={"crit": ["exp"]}),
    "kid a path": _own_key(lambda made: {"kid": "../../../../dev/null"}),
    "kid SQL": _own_key(lambda made: {"kid": "' OR 1=1 --"}),
    "kid not a text": _with(header={"kid": 1}),
    "kid of nobody": _with(header={"kid": "nobody"}),
    "another type": _with(header={"typ": "logout+jwt"}),
    "expired": _with(exp=_now(-61)),
    "no expiry": _with(exp=None),
    "expiry a text": _with(exp="2030-01-01"),
    "expiry a truth": _with(exp=True),
    "not valid yet": _with(nbf=_now(90)),
    "issued in the future": _with(iat=_now(90), exp=_now(300)),
    "another issuer": _with(iss="https://evil.example"),
    "no issuer": _with(iss=None),
    "another audience": _with(aud="https://another.example"),
    "audiences without us": _with(aud=["https://another.example"]),
    "no audience": _with(aud=None),
    "no subject": _with(sub=None),
    "another company": _with(tenant="another"),
    "a list of companies": lambda issuer, slug: issuer.token(slug, tenant=[slug, "another"]),
    "no company": _with(tenant=None),
    "no role": _with(roles=["nothing we know"]),
    "a role inside words": _with(roles="no stock"),
    "long life without an id": _with(jti=None, exp=_now(3600)),
    "endless life": _with(exp=_now(100 * 86400)),
    "infinite life": _with(exp=1e400),
    "huge": _with(extra="x" * 9000),
    "a claim twice": _twins,
    "two parts": lambda issuer, slug: ".".join(issuer.token(slug).split(".")[:2]),
    "four parts": lambda issuer, slug: issuer.token(slug) + ".x",
    "no JSON": lambda issuer, slug: "eyJ.eyJ.eyJ",
    "letters of others": lambda issuer, slug: issuer.token(slug) + "é",
}


async def test_a_bad_token_opens_nothing_whatever_is_wrong_with_it(boss: Client, issuer: Issuer) -> None:
    await trusted(boss, issuer)
    slug = boss.who.tenant.slug
    assert (await receives(shows(boss, issuer.token(slug)))).status == 200, "a good one does"
    said = {}
    for kind, make in BAD.items():
        bad = shows(boss, make(issuer, slug))
        said[kind] = ((await receives(bad)).status, (await bad.get("me")).status)
    assert {kind: statuses for kind, statuses in said.items() if statuses != (401, 401)} == {}
    assert "/evil" not in issuer.asked
    assert len((await boss.get("stock/ledger")).body["items"]) == 1


async def test_a_minute_of_difference_between_clocks_is_forgiven(boss: Client, issuer: Issuer) -> None:
    await trusted(boss, issuer)
    slug, now = boss.who.tenant.slug, int(time.time())
    assert (await receives(shows(boss, issuer.token(slug, nbf=now + 45, iat=now + 45)))).status == 200


async def test_a_token_of_one_company_opens_no_other_and_says_nothing_there(boss: Client, carol: Client, issuer: Issuer) -> None:
    await trusted(boss, issuer)
    token = issuer.token(boss.who.tenant.slug)
    assert (await receives(shows(boss, token))).status == 200
    elsewhere = replace(shows(boss, token), slug=carol.who.tenant.slug)
    nowhere = replace(shows(boss, token), slug="no-such-company")
    assert (await receives(elsewhere)).status == (await receives(nowhere)).status == 401
    # And where both trust the same issuer, the claim decides.
    scopes = carol.who.actor.permissions
    world_keys = boss.app.extensions["onhand"].keys
    key = await world_keys.make(carol.who.tenant, carol.who.actor, NewKey("boss", Role.ADMIN, scopes=scopes))
    await trusted(Client(boss.app, replace(carol.who, key=key.text)), issuer)
    assert (await receives(elsewhere)).status == 401


async def test_scopes_of_the_token_limit_it(boss: Client, issuer: Issuer) -> None:
    await trusted(boss, issuer, scopes_claim="scope")
    slug = boss.who.tenant.slug
    reader = shows(boss, issuer.token(slug, scope="stock.read openid"))
    assert (await reader.get("stock/levels")).status == 200
    assert (await receives(reader)).status == 403
    assert (await receives(shows(boss, issuer.token(slug)))).status == 403, "no scopes, no rights"
    assert (await receives(shows(boss, issuer.token(slug, scope="stock.receive")))).status == 200


async def test_a_new_key_of_the_issuer_is_found_and_made_up_ones_do_not_make_us_ask_again_and_again(boss: Client, issuer: Issuer) -> None:
    await trusted(boss, issuer)
    slug = boss.who.tenant.slug
    providers = boss.app.extensions["onhand"].sign_on.providers
    ahead = [0.0]
    providers._clock = lambda: time.monotonic() + ahead[0]
    assert (await receives(shows(boss, issuer.token(slug)))).status == 200
    issuer.has_key("k2")
    ahead[0] = 31.0
    assert (await receives(shows(boss, issuer.token(slug, "k2")))).status == 200
    for number in range(5):
        assert (await receives(shows(boss, issuer.token(slug, header={"kid": f"made-up-{number}"})))).status == 401
    assert issuer.asked.count("/keys") == 2


@pytest.mark.parametrize("what", ["too long", "no JSON", "about another"])
async def test_an_issuer_that_answers_nonsense_lets_nobody_in(boss: Client, issuer: Issuer, what: str) -> None:
    path = "/.well-known/openid-configuration"
    issuer.answers[path] = {"too long": b"{" + b" " * 70_000, "no JSON": b"<html>", "about another": {"issuer": "https://x.example"}}[what]
    await trusted(boss, issuer)
    assert (await receives(shows(boss, issuer.token(boss.who.tenant.slug)))).status == 401


async def test_a_program_is_cut_off_and_let_in_again(boss: Client, issuer: Issuer) -> None:
    await trusted(boss, issuer)
    slug = boss.who.tenant.slug
    robot = shows(boss, issuer.token(slug))
    assert (await receives(robot)).status == 200
    number = (await boss.get("machines")).body["items"][0]["id"]
    assert (await boss.post(f"machines/{number}/revoke")).status == 200
    assert (await receives(robot)).status == 401
    assert (await receives(shows(boss, issuer.token(slug)))).status == 401, "with a fresh token neither"
    assert (await boss.post(f"machines/{number}/restore")).status == 200
    assert (await receives(robot)).status == 200


async def test_a_token_is_denied_by_its_id_before_or_after_it_came(boss: Client, issuer: Issuer) -> None:
    number = (await trusted(boss, issuer))["id"]
    slug = boss.who.tenant.slug
    came, coming = shows(boss, issuer.token(slug, jti="t-1")), shows(boss, issuer.token(slug, jti="t-2"))
    assert (await receives(came)).status == 200
    for jti in ("t-1", "t-2"):
        assert (await boss.post(f"issuers/{number}/deny", {"jti": jti})).status == 200
    assert (await receives(came)).status == 401
    assert (await receives(coming)).status == 401
    assert (await receives(shows(boss, issuer.token(slug, jti="t-3")))).status == 200


async def test_an_issuer_that_is_trusted_no_more_lets_nobody_in(boss: Client, issuer: Issuer) -> None:
    number = (await trusted(boss, issuer))["id"]
    robot = shows(boss, issuer.token(boss.who.tenant.slug))
    assert (await receives(robot)).status == 200
    assert (await boss.post(f"issuers/{number}/distrust")).status == 200
    assert (await receives(robot)).status == 401
    assert (await boss.get("issuers")).body["items"] == []


async def test_a_ticket_of_a_token_is_good_once_and_ends_with_it(boss: Client, issuer: Issuer) -> None:
    await trusted(boss, issuer)
    slug, parts = boss.who.tenant.slug, boss.app.extensions["onhand"]
    robot = shows(boss, issuer.token(slug))
    ticket = (await robot.post("live/ticket")).body["ticket"]
    caller = await parts.callers.of_ticket(slug, ticket)
    assert caller is not None
    assert caller.actor.kind == "machine"
    assert await parts.callers.of_ticket(slug, ticket) is None
    number = (await boss.get("machines")).body["items"][0]["id"]
    await boss.post(f"machines/{number}/revoke")
    assert await parts.callers.again(caller) is None


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"algorithm": "HS256"}, 422),
        ({"algorithm": "none"}, 422),
        ({"issuer": "javascript:alert(1)"}, 422),
        ({"issuer": "https://user:password@x.example"}, 422),
        ({"roles": {}}, 422),
        ({"roles": {"x": "system"}}, 422),
        ({"tenant_claim": ""}, 422),
        ({"jwks_url": "file:///etc/passwd"}, 422),
        ({"surplus": 1}, 422),
    ],
)
async def test_an_issuer_that_does_not_fit_is_refused(boss: Client, issuer: Issuer, changes: dict[str, Any], status: int) -> None:
    body = {"issuer": issuer.url, "audience": AUDIENCE, "algorithm": "RS256", "roles": {"stock": "inventory"}}
    assert (await boss.post("issuers", body | changes)).status == status
    assert (await boss.get("issuers")).body["items"] == []


async def test_nobody_trusts_an_issuer_with_more_rights_than_they_have(app: Quart, world: World, issuer: Issuer) -> None:
    few = frozenset({"keys.write"}) | PERMISSIONS[Role.VIEWER]
    key = await world.keys.make(world.alice.tenant, world.alice.actor, NewKey("few", Role.ADMIN, scopes=few))
    client = Client(app, replace(world.alice, key=key.text))
    body = {"issuer": issuer.url, "audience": AUDIENCE, "algorithm": "RS256"}
    refused = await client.post("issuers", {**body, "roles": {"stock": "inventory"}})
    assert (refused.status, refused.code) == (403, "more_rights_than_maker")
    assert (await client.post("issuers", {**body, "roles": {"look": "viewer"}})).status == 201
