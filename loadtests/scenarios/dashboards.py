"""Screens in an office: somebody signs in, keeps the dashboard open, lets it refresh itself by the feed, and looks around."""

from __future__ import annotations

import random
import re
from contextlib import suppress
from html import unescape
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import urlencode, urlsplit

import gevent
import orjson
from gevent.event import Event
from gevent.lock import BoundedSemaphore
from locust import between, task

from loadtests.scenarios.asking import Asker
from loadtests.scenarios.company import Company
from loadtests.scenarios.following import Following

LISTS = ("stock", "items", "ledger", "reservations", "transfers")
PARTS = ("totals", "feed", "shortages", "chart")
SIGNING_IN = BoundedSemaphore(4)
"""The door lets ten at once try from one address; a load generator has one address for all."""
SILENCE_S = 40.0
"""The feed says something every 15 s, if only that it is there."""
_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')


class Screen(Asker):
    """One browser. What the page's behaviours ask for, this asks for too, in the same words."""

    weight = 10
    wait_time = between(2, 5)
    scenario = "dashboards"

    def on_start(self) -> None:
        self.changed = Event()
        self.following = Following(dense=True)
        self._sign_in()
        self.feed = gevent.spawn(self._follow)

    def on_stop(self) -> None:
        self.feed.kill()

    @property
    def company(self) -> Company:
        """Whose screen it is."""
        return self.stage.shelves.shelf.company

    @task(6)
    def watch(self) -> None:
        """Stock has moved, so the parts of the page that show it are asked for again."""
        if self.changed.wait(2):
            self.changed.clear()
            for part in PARTS:
                self._get(f"part {part}", f"?part={part}", fragment=True)

    @task(2)
    def open_dashboard(self) -> None:
        """The whole page."""
        self._get("dashboard", "")

    @task(3)
    def look_around(self) -> None:
        """A list."""
        self._get("list", random.choice(LISTS))

    @task(2)
    def search(self) -> None:
        """Typing into the search of the stock list."""
        self._get("search", f"stock?{urlencode({'q': self.stage.shelves.run})}", fragment=True)

    @task(2)
    def open_item(self) -> None:
        """An item with its ledger and promises."""
        self._get("item", f"stock/item/{random.choice(self.stage.shelves.shelf.skus)}")

    def _get(self, name: str, path: str, *, fragment: bool = False) -> None:
        url = f"{self._root}/{path}"
        headers = {"HX-Request": "true"} if fragment else {}
        with self.client.get(url, headers=headers, name=self.named(name), catch_response=True, allow_redirects=False) as response:
            text = response.text or ""
            mark = f'data-tenant="{self.company.slug}"'
            if response.status_code != 200:
                response.failure(f"{response.status_code or 'no answer'}")
            elif (mark in text) is fragment or (fragment and "<html" in text) or not text.strip():
                response.failure("not the page that was asked for")
            else:
                response.success()

    def _sign_in(self) -> None:
        person = self.company.person or {}
        with SIGNING_IN:
            with self.client.get(f"{self._root}/sign-in", name=self.named("door"), catch_response=True) as response:
                typed = {name: unescape(value) for name, value in _HIDDEN.findall(response.text or "")}
                response.success() if "_csrf" in typed else response.failure("a door without a form")
            typed |= {"company": self.company.slug, "email": person["email"], "password": person["password"]}
            with self.client.post(
                f"{urlsplit(self.company.url).path}/sign-in",
                data=urlencode(typed),
                headers={"Content-Type": "application/x-www-form-urlencoded", "Origin": self.company.url},
                name=self.named("sign in"),
                catch_response=True,
                allow_redirects=False,
            ) as response:
                response.success() if response.status_code == 303 else response.failure(f"{response.status_code}")

    def _follow(self) -> None:
        """Keep the feed open, and open it again where it ended."""
        while True:
            with suppress(OSError, HTTPException):
                self._listen()
            self.stage.books.counts["feeds of screens that were lost"] += 1
            gevent.sleep(1)

    def _listen(self) -> None:
        place = urlsplit(self.company.url)
        kind = HTTPSConnection if place.scheme == "https" else HTTPConnection
        connection = kind(place.hostname or "localhost", place.port, timeout=SILENCE_S)
        headers = {"Cookie": "; ".join(f"{each.name}={each.value}" for each in self.client.cookiejar), "Accept": "text/event-stream"}
        if self.following.after is not None:
            headers["Last-Event-ID"] = str(self.following.after)
        try:
            connection.request("GET", f"{self.company.base}/events", headers=headers)
            response = connection.getresponse()
            if response.status != 200:
                self._count("event", 0, f"the feed answers {response.status}")
                return
            told: dict[str, str] = {}
            while line := response.readline():
                name, _, value = line.decode().rstrip("\n").partition(": ")
                if name:
                    told[name] = value
                elif told:
                    self._heard(told)
                    told = {}
        finally:
            connection.close()

    def _heard(self, told: dict[str, str]) -> None:
        data: Any = orjson.loads(told.get("data", "null"))
        if told.get("event") == "hello":
            wrong, seen_ms = self.following.hello(data["as_of_seq"]), None
        elif told.get("event") == "resync":
            self.following.resync(int(told["id"]))
            self.stage.books.counts["screens resynced"] += 1
            return
        elif "id" in told:
            wrong, seen_ms = self.following.event(int(told["id"]), data), self.stage.seen_after_ms(data["key"])
            self.stage.books.counts["events screens heard"] += 1
        else:
            return
        self.changed.set()
        if wrong or seen_ms is not None:
            self._count("event", seen_ms or 0, wrong)

    def _count(self, name: str, took_ms: float, wrong: str) -> None:
        problem = AssertionError(wrong) if wrong else None
        self.environment.events.request.fire(
            request_type="SSE", name=self.named(name), response_time=took_ms, response_length=0, exception=problem, context={}
        )

    @property
    def _root(self) -> str:
        return f"{urlsplit(self.company.url).path}/t/{self.company.slug}"
