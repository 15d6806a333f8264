"""Every page of the app, found by walking its map of routes and the links of its pages, so that a new page is looked at unasked."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from html import unescape
from typing import NamedTuple
from urllib.parse import urlsplit

import httpx2
from quart import Quart
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, MapAdapter, Rule

from app.demo_goods import ALA_TOO, Company
from tests.browser.demo.company import Demo

NO_PAGE = {
    "/": "leads to the door or the dashboard",
    "/help/pictures/<name>": "a picture",
    "/t/<tenant>/purchasing/orders/<number>/files/<int:file>": "a file that somebody attached",
    "/language/<language>": "goes back to where it was asked for",
    "/sign-in/code": "owed only after a password: looked at on its way",
    "/t/<tenant>/sso/start": "leaves for the identity provider",
    "/t/<tenant>/sso/callback": "comes back from the identity provider",
    "/t/<tenant>/sso/leave": "leaves for the identity provider",
    "/t/<tenant>/stock/lookup": "goes on to the item, or to the list",
}
"""Routes for people that show no page of their own in the demo, and why."""


LIKE_MAX = 8
"""How many pages of one kind are read for their links: an order that is a draft leads where another does not. One of them is looked at."""


class Place(NamedTuple):
    """A page: the rule it is of, an address of it, whether it is for those who are signed in, and its text as markup."""

    rule: str
    path: str
    inside: bool
    page: str


async def places(demo: Demo, app: Quart, variants: bool = False, company: Company = ALA_TOO, language: str = "en") -> list[Place]:
    """One address of every page, in the order of the map; with `variants`, one for each set of things an address may say."""
    found = await walked(demo, app, "admin", variants, company, language)
    known = {place.rule for place in found} | found.answered | set(NO_PAGE)
    lost = sorted({rule.rule for rule in app.url_map.iter_rules() if _is_for_people(rule)} - known)
    assert not lost, f"no page of the demo leads here, so nobody looks at it: {lost}. Give the demo one, or say why in NO_PAGE."
    return found


async def walked(demo: Demo, app: Quart, role: str, variants: bool = False, company: Company = ALA_TOO, language: str = "en") -> Found:
    """The pages that somebody of that role finds open: those without a name in their address, and whatever they lead to."""
    nameless = [rule for rule in app.url_map.iter_rules() if _is_for_people(rule) and rule.arguments <= {"tenant"}]
    begin = [rule.rule.replace("<tenant>", company.slug) for rule in nameless]
    return await _Walk(demo, app.url_map, role, company.slug, variants, language).walk(begin)


def rule_of(rules: MapAdapter, path: str, method: str = "GET") -> Rule | None:
    """The rule that an address is of; None when it is of none."""
    try:
        rule, _ = rules.match(urlsplit(path).path, method, return_rule=True)
    except HTTPException:
        return None
    return rule


def _is_for_people(rule: Rule) -> bool:
    return (
        "GET" in (rule.methods or ())
        and not rule.websocket
        and (not rule.rule.startswith("/v1/") or rule.rule == "/v1/docs")
        and rule.endpoint != "static"
    )


class Found(list[Place]):
    """Pages, and the rules that answered with something that is no page."""

    answered: set[str]


class _Walk:
    """Follows links from page to page, once to each."""

    def __init__(self, demo: Demo, rules: Map, role: str, slug: str, variants: bool, language: str) -> None:
        self._demo = demo
        self._rules = rules.bind(urlsplit(demo.url).netloc)
        self._role = role
        self._slug = slug
        self._variants = variants
        self._language = {"onhand_language": language}
        self._seen: Counter[tuple[str, frozenset[str]]] = Counter()
        self._found: list[Place] = []
        self._answered: set[str] = set()

    async def walk(self, paths: list[str]) -> Found:
        """Breadth first, from these on."""
        cookies = self._language | {each["name"]: each["value"] for each in await self._demo.cookies(self._role, self._slug)}
        async with (
            httpx2.AsyncClient(base_url=self._demo.url, cookies=self._language) as outside,
            httpx2.AsyncClient(base_url=self._demo.url, cookies=cookies) as inside,
        ):
            while paths:
                paths = [link for path in paths for link in await self._open(outside, inside, path)]
        found = Found(self._found)
        found.answered = self._answered
        return found

    async def _open(self, outside: httpx2.AsyncClient, inside: httpx2.AsyncClient, path: str) -> list[str]:
        """Where the page of the address leads to; nowhere when enough of its kind were seen."""
        rule = self._rule(path)
        if rule is None or not _is_for_people(rule):
            return []
        kind = (rule.rule, frozenset(re.findall(r"[?&](\w+)=", path) if self._variants else ()))
        self._seen[kind] += 1
        if self._seen[kind] > LIKE_MAX:
            return []
        is_inside = "tenant" in rule.arguments and "sign-in" not in rule.rule
        answer = await (inside if is_inside else outside).get(path)
        if answer.status_code == 200 and "<html" not in answer.text[:200]:
            self._answered.add(rule.rule)
        if answer.status_code != 200 or "<html" not in answer.text[:200]:
            return []
        if self._seen[kind] == 1:
            self._found.append(Place(rule.rule, path, is_inside, answer.text))
        return list(links(answer.text))

    def _rule(self, path: str) -> Rule | None:
        rule = rule_of(self._rules, path)
        return rule if f"/t/{self._slug}" in path or not path.startswith("/t/") else None


def forms(page: str) -> Iterator[str]:
    """Where the forms of a page that change something are sent."""
    for form in re.findall(r'<form\b[^>]*method="post"[^>]*>', page):
        if action := re.search(r'\saction="([^"]+)"', form):
            yield unescape(action.group(1))


def links(page: str) -> Iterator[str]:
    """Where the links of a page lead to, as far as they stay here."""
    for link in re.findall(r'<a\b[^>]*\shref="([^"#]+)', page):
        parts = urlsplit(unescape(link))
        if parts.scheme in ("", "http") and (not parts.netloc or parts.netloc.startswith("127.0.0.1")):
            yield parts.path + (f"?{parts.query}" if parts.query else "")
