"""What the fuzzer is told of this API beyond its document: words that exist there, and promises that hold for every answer."""

from __future__ import annotations

import json
import os
import zlib
from typing import Any

import schemathesis
from schemathesis import Case, CheckContext, HookContext, Response

from web.sentences import MEANINGS
from web.trace import DEFENCE

WORDS: dict[str, list[str]] = json.loads(os.environ["FUZZ_WORDS"])
"""By name of a parameter or field: what is there. Without them nearly all that is asked would be of things that are not."""
OWN: list[str] = json.loads(os.environ["FUZZ_OWN"])
"""Numbers of whoever asks. They neither disable nor revoke themselves: the rest of the run would find closed doors."""
CREDENTIAL = os.environ["FUZZ_CREDENTIAL"]
SPARE = {"sku": "SPARE", "code": "spare"}
"""What may be archived."""
ASIDE = frozenset({"second_factor", "session_idle_minutes", "session_longest_hours"})
"""Settings that would end the session in use."""


@schemathesis.hook
def before_load_schema(context: HookContext, raw_schema: dict[str, Any]) -> None:
    """The document as one way in has it. Credentials for the other would be made up, and nothing come of what they ask. A session's are
    not made up either: it always comes with its cookie."""
    schemes = raw_schema["components"]["securitySchemes"]
    ways = [way for way in schemes if way == os.environ["FUZZ_WAY"] == "key"]
    raw_schema["components"]["securitySchemes"] = {way: schemes[way] for way in ways}
    raw_schema["security"] = [{way: []} for way in ways]


@schemathesis.hook
def map_case(context: HookContext, case: Case) -> Case:
    """Every other time a word that exists in place of one that was made up."""
    if case.path_parameters:
        spare = SPARE if case.operation.path.endswith("/archive") else {}
        case.path_parameters = {name: _kept(name, spare.get(name) or _word(name, value)) for name, value in case.path_parameters.items()}
    if isinstance(case.body, dict):
        case.body = _worded({name: value for name, value in case.body.items() if name not in ASIDE})
    return case


@schemathesis.check
def carries_its_id(ctx: CheckContext, response: Response, case: Case) -> None:
    """Every answer has an id, and the headers of defence."""
    assert all(response.headers.get("x-request-id", [""])), "no X-Request-Id"
    for name, value in DEFENCE:
        assert response.headers.get(name.lower()) == [value], f"{name} is not {value}"


@schemathesis.check
def knows_who_asks(ctx: CheckContext, response: Response, case: Case) -> None:
    """Whoever lost their way in while it runs would find nothing any more, and no fault either."""
    sent = response.request.headers
    if CREDENTIAL in f"{sent.get('Authorization')} {sent.get('Cookie')}":
        assert response.status_code != 401, "the credentials in use have ended"


@schemathesis.check
def says_no_as_documented(ctx: CheckContext, response: Response, case: Case) -> None:
    """Every refusal is a problem document with a code that the catalogue of sentences knows."""
    if response.status_code < 400:
        return
    assert response.headers["content-type"] == ["application/problem+json"], response.headers["content-type"]
    problem: dict[str, Any] = response.json()
    assert problem["status"] == response.status_code
    assert problem["code"] in MEANINGS, f"the code {problem['code']} is not in web.sentences"
    assert problem["type"] == f"urn:onhand:problem:{problem['code']}"
    assert problem["title"] and problem["detail"]


def _worded(value: Any, name: str = "") -> Any:
    if isinstance(value, dict):
        return {each: _worded(inner, each) for each, inner in value.items()}
    if isinstance(value, list):
        return [_worded(each, name) for each in value]
    return _word(name, value)


def _word(name: str, value: Any) -> Any:
    """Chosen by the value itself, so that a run can be repeated."""
    known, number = WORDS.get(name), zlib.crc32(repr(value).encode())
    return known[number // 2 % len(known)] if known and isinstance(value, str) and number % 2 else value


def _kept(name: str, value: Any) -> Any:
    return "999999" if name in ("number", "key") and str(value) in OWN else value
