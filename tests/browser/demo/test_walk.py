"""On a walk through every page of the app, whoever looks at it…"""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from dataclasses import astuple
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Page
from quart import Quart
from quart.signals import template_rendered
from werkzeug.routing import MapAdapter

from app.demo_goods import TIEN_SHAN
from app.demo_suppliers import SUPPLIERS
from db.engine import make_engine
from tenants.domain import LANGUAGES, Role
from tests.browser.demo import states
from tests.browser.demo.company import Demo
from tests.browser.demo.look import STILL, look, prepare, ways
from tests.browser.demo.pages import Place, places, rule_of
from tests.conftest import Database
from tests.web.conftest import Wired
from tests.web.sentences import UNTRANSLATED, read_aloud
from web.app import create_app

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(900)]

FULL = os.environ.get("ONHAND_WALK") == "full"
"""Also every set of things that an address may say: each filter, tab and way of sorting that a page links to."""
ELSEWHERE = {"/t/<tenant>/stock/lookup"}
"""Ways that small screens replace: the field in the bar by the one over each list."""
TEMPLATES = Path(__file__).parents[3] / "web/templates"
NAMES = ("English", "tea-house", "Tea house", "Nur", "Demo", *LANGUAGES, *(role.label for role in Role))
"""What the demo is made of, beside its goods and people."""
SUPPLIER_CODES = [supplier.code for supplier in SUPPLIERS[TIEN_SHAN.slug]]
TERMS = (
    *("osh", "iss", "aud", "EdDSA", "scope", "groups", "roles", "Redirect URI", "web", "Chrome", "Linux", "https", "PKCE", "RS", "ES"),
    *("JPEG", "PDF", "PNG", "offers", "shipments", "USD", "case"),
)
"""Names of browsers and of sorts of files, of what tokens hold, of fields at a provider, and codes. All the rest must be translated."""
FOR_PROGRAMMERS = {"/styleguide", "/v1/docs"}
_LATIN = re.compile(r"[A-Za-z]{2,}")
_NO_WORDS = re.compile(r"\S+@\S+|https?://\S+|\boh_\S+|\b[\w-]+[./]\w+|[\w-]*\d[\w-]*|%\(\w+\)s")
"""Addresses, numbers of documents and codes."""
NOT_SEEN = {
    "sign_up/found.html": "the same address as of the company's founder, opened in another browser: see test_sign_up",
}


@pytest.fixture(scope="module")
def app(own_database: Database) -> Quart:
    """The map of the routes."""
    return create_app(Wired(make_engine(own_database.app), None))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def found(demo: Demo, app: Quart) -> list[Place]:
    """Every page."""
    return await places(demo, app, variants=FULL)


@pytest_asyncio.fixture(loop_scope="module")
async def windows(demo: Demo) -> AsyncIterator[tuple[Page, Page]]:
    """One in which an admin is signed in, and one in which nobody is."""
    async with demo.window(**STILL) as inside, demo.window(None, **STILL) as outside:
        await prepare(inside.context)
        await prepare(outside.context)
        yield inside, outside


@pytest.fixture
def rendered() -> Iterator[set[str]]:
    """Names of the templates that pages were made of."""
    names: set[str] = set()

    def note(sender: Any, template: Any, **_: Any) -> None:
        names.add(template.name)

    with template_rendered.connected_to(note):
        yield names


async def test_finds_nothing_wrong_on_any_of_them(
    demo: Demo, app: Quart, found: list[Place], windows: tuple[Page, Page], rendered: set[str]
) -> None:
    """In both themes, on a desk, a phone and the narrowest screen: axe, landmarks, focus, motion, width; and no console complains."""
    inside, outside = windows
    wrong: dict[str, list[str]] = defaultdict(list)
    ways = Ways(app.url_map.bind(""))
    for place in found:
        page = inside if place.inside else outside
        await page.goto(demo.url + place.path)
        wrong[place.path] += await look(page)
        if place.inside:
            await ways.note(page)
    wrong["consoles"] += demo.complaints
    for page, reached in ((outside, states.OUTSIDE), (inside, states.INSIDE)):
        for state in reached:
            await state(demo, page)
            wrong[state.__name__] += await look(page)
    demo.complaints.clear()  # of what is refused browsers note the status
    assert {where: said for where, said in wrong.items() if said} == {}
    assert unseen(rendered) == set(), "give the demo a page of it, or add a state that shows it"
    assert ways.lost() - ELSEWHERE == set(), "who needs large letters has no way there"


class Ways:
    """Where pages lead: on a desk, and on the same desk at 200 %. A row may hide a verb there when the page of the thing has it."""

    def __init__(self, rules: MapAdapter) -> None:
        self._rules = rules
        self._wide: set[str] = set()
        self._zoomed: set[str] = set()

    async def note(self, page: Page) -> None:
        """What the page as it stands leads to."""
        for led, found in zip((self._wide, self._zoomed), await ways(page), strict=True):
            led |= {str(rule_of(self._rules, way, method)) for way in found for method in ("GET", "POST")}

    def lost(self) -> set[str]:
        """What is reached from a desk only."""
        return self._wide - self._zoomed


def unseen(rendered: set[str]) -> set[str]:
    """Whole pages that were never shown. What others extend is no page itself."""
    texts = {str(path.relative_to(TEMPLATES)): path.read_text() for path in TEMPLATES.rglob("*.html")}
    extended = {name for text in texts.values() for name in re.findall(r'{% extends "([^"]+)"', text)} | {"bare.html"}
    return {name for name, text in texts.items() if "{% extends" in text} - extended - rendered - set(NOT_SEEN)


@pytest.mark.parametrize("language", [language for language in LANGUAGES if language != "en"])
async def test_reads_no_english_word_in_another_language(demo: Demo, app: Quart, language: str) -> None:
    """In a company whose goods have no English names. Names and codes are the same in every language."""
    named = set(_LATIN.findall(" ".join((*NAMES, *TERMS, *map(str, astuple(TIEN_SHAN)), *SUPPLIER_CODES))))
    left: dict[str, set[str]] = {}
    for place in await places(demo, app, company=TIEN_SHAN, language=language):
        said = [_NO_WORDS.sub(" ", text) for text in read_aloud(place.page)]
        words = {word for text in said for word in _LATIN.findall(text)}
        assert f'<html lang="{language}"' in place.page, place.path
        left[place.rule] = words - named - UNTRANSLATED
    assert {rule: words for rule, words in left.items() if words and rule not in FOR_PROGRAMMERS} == {}
