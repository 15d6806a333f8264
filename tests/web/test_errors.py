"""Refusals in words: every code of the code base has a status and a sentence, in every language."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from quart import Blueprint, request
from sqlalchemy import text

from inventory.context import Halted, Unavailable
from kit.errors import Refusal, refuse
from tests.web.conftest import Site
from web import errors
from web.access import public
from web.sentences import MEANINGS

ROOT = Path(__file__).parents[2]
PACKAGES = ("kit", "tenants", "billing", "inventory", "actors", "web")
SAYS_NO = re.compile(
    r"""(?:\b(?:refuse|Refusal|ValueError|[cC]omplaints\.add|\.add)\(\s*|"code":\s*|insert_one\([^)]*?,\s*|fenced_code\s*=\s*)"([a-z]+(?:_[a-z]+)*)"(?!\s*:)"""
)


def codes_in_use() -> dict[str, str]:
    """Every refusal code of our packages, and a file that uses it."""
    found: dict[str, str] = {}
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            for code in SAYS_NO.findall(path.read_text()):
                if "_" in code or code in MEANINGS:
                    found.setdefault(code, str(path.relative_to(ROOT)))
    return found


def test_every_code_in_use_has_a_meaning() -> None:
    unknown = {code: path for code, path in codes_in_use().items() if code not in MEANINGS}
    assert unknown == {}, "add the codes to web/sentences.py, with their sentences in every catalogue"


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("malformed_request", 400),
        ("idempotency_key_missing", 400),
        ("idempotency_key_invalid", 400),
        ("not_signed_in", 401),
        ("not_allowed", 403),
        ("not_found", 404),
        ("reservation_not_found", 404),
        ("insufficient_stock", 409),
        ("reservation_closed", 409),
        ("more_than_held", 409),
        ("version_conflict", 409),
        ("reservation_is_firm", 409),
        ("plan_limit_reached", 409),
        ("reservation_expired", 410),
        ("too_large", 413),
        ("wrong_content_type", 415),
        ("idempotency_key_reused", 422),
        ("unknown_item", 404),
        ("unknown_warehouse", 404),
        ("unknown_location", 404),
        ("invalid_body", 422),
        ("rate_limited", 429),
        ("unavailable", 503),
        ("ledger_halted", 503),
    ],
)
def test_statuses_are_those_of_the_contract(code: str, status: int) -> None:
    assert errors.status_of(code) == status


def test_every_meaning_can_be_said_without_facts_and_fits_its_status() -> None:
    for code, meaning in MEANINGS.items():
        assert meaning.status in {400, 401, 403, 404, 405, 406, 409, 410, 412, 413, 415, 422, 429, 500, 503}, code
        assert not _facts(meaning.title), code
        assert meaning.sentence.endswith("."), code


probe = Blueprint("failing", __name__)
_FAILURES: dict[str, Any] = {
    "refused": lambda: refuse("insufficient_stock", {"line": 0, "sku": "A", "warehouse": "osh", "requested": "10", "available": "6"}),
    "unavailable": lambda: Unavailable("busy", retry_after_s=7),
    "halted": lambda: Halted("the ledger does not prove"),
    "bug": lambda: RuntimeError("the password is hunter2"),
    "key": lambda: KeyError("internal_name"),
    "network": lambda: ConnectionRefusedError("10.0.0.1"),
}


@probe.get("/v1/failing/<how>")
@public
async def fail_api(how: str) -> str:
    raise _FAILURES[how]()


@probe.get("/failing/<how>")
@public
async def fail_page(how: str) -> str:
    raise _FAILURES[how]()


@probe.post("/v1/echo")
@public
async def echo() -> Any:
    return {"got": await request.get_json()}


@pytest.fixture
def site(site: Site) -> Site:
    site.app.register_blueprint(probe)
    return site


async def test_a_refusal_is_a_problem_with_its_facts(site: Site) -> None:
    response = await site.browser().get("/v1/failing/refused")
    assert (response.status_code, response.content_type) == (409, "application/problem+json")
    assert await response.get_json(force=True) == {
        "type": "urn:onhand:problem:insufficient_stock",
        "title": "Not enough is available",
        "status": 409,
        "detail": "Only 6 of 10 available for A in osh.",
        "code": "insufficient_stock",
        "errors": [{"line": 0, "sku": "A", "warehouse": "osh", "requested": "10", "available": "6"}],
    }


@pytest.mark.parametrize(
    ("how", "status", "code"), [("unavailable", 503, "unavailable"), ("halted", 503, "ledger_halted"), ("network", 503, "unavailable")]
)
async def test_what_cannot_be_answered_now_says_when_to_try_again(site: Site, how: str, status: int, code: str) -> None:
    response = await site.browser().get(f"/v1/failing/{how}")
    assert (response.status_code, (await response.get_json(force=True))["code"]) == (status, code)
    assert int(response.headers["Retry-After"]) >= 1


@pytest.mark.parametrize("how", ["bug", "key"])
@pytest.mark.parametrize("where", ["/v1", ""])
async def test_a_bug_leaks_nothing_but_the_number_of_the_request(site: Site, how: str, where: str) -> None:
    response = await site.browser().get(f"{where}/failing/{how}", X_Request_Id="till-3.991-abc")
    said = await response.get_data(as_text=True)
    assert response.status_code == 500
    assert "till-3.991-abc" in said
    assert response.headers["X-Request-Id"] == "till-3.991-abc"
    assert not re.search(r"hunter2|internal_name|Traceback|Error\b", said)


async def test_the_same_refusal_is_a_page_for_people(site: Site) -> None:
    response = await site.browser().get("/failing/refused")
    assert (response.status_code, response.content_type) == (409, "text/html; charset=utf-8")
    assert "Only 6 of 10 available for A in osh." in await response.get_data(as_text=True)


@pytest.mark.parametrize(("language", "word"), [("ru", "доступно"), ("ky", "жеткиликтүү"), ("en", "available")])
async def test_a_refusal_is_said_in_the_readers_language(site: Site, language: str, word: str) -> None:
    response = await site.browser().get("/v1/failing/refused", Accept_Language=language)
    assert word in (await response.get_json(force=True))["detail"]


async def test_a_body_above_a_mebibyte_is_too_large(site: Site) -> None:
    response = await site.app.test_client().post("/v1/echo", data=b'"' + b"x" * 2**20 + b'"', headers={"Content-Type": "application/json"})
    assert (response.status_code, (await response.get_json(force=True))["code"]) == (413, "too_large")


async def test_json_that_is_none_is_malformed(site: Site) -> None:
    for body in (b"{", b'{"a": NaN}', b"\xff\xfe"):
        response = await site.app.test_client().post("/v1/echo", data=body, headers={"Content-Type": "application/json"})
        assert (response.status_code, (await response.get_json(force=True))["code"]) == (400, "malformed_request"), body


async def test_a_wrong_method_says_which_are_right(site: Site) -> None:
    response = await site.app.test_client().delete("/v1/echo")
    assert (response.status_code, (await response.get_json(force=True))["code"]) == (405, "method_not_allowed")
    assert "POST" in response.headers["Allow"]


@pytest.mark.parametrize(("path", "kind"), [("/v1/nothing", "application/problem+json"), ("/nothing", "text/html; charset=utf-8")])
async def test_an_unknown_address_is_not_found_in_the_right_shape(site: Site, path: str, kind: str) -> None:
    response = await site.browser().get(path)
    assert (response.status_code, response.content_type) == (404, kind)


async def test_a_database_that_is_busy_is_not_our_bug(site: Site) -> None:
    async def slow() -> str:
        async with site.world.engine.begin() as connection:
            await connection.execute(text("SET LOCAL statement_timeout = 1"))
            await connection.execute(text("SELECT pg_sleep(1)"))
        return ""

    site.app.add_url_rule("/v1/slow", "slow", public(slow))
    assert (await site.browser().get("/v1/slow")).status_code == 503


def test_sentences_by_field_for_forms() -> None:
    refusal = Refusal("invalid_body", ({"field": "name", "code": "value_missing"}, {"field": "qty", "code": "not_a_quantity"}, {"line": 0}))
    assert set(errors.by_field(refusal)) == {"name", "qty", ""}


def _facts(sentence: str) -> set[str]:
    named = set(re.findall(r"%\((\w+)\)[sd]", sentence))
    assert not re.search(r"%(?!\(\w+\)[sd]|%)", sentence), sentence
    return named
