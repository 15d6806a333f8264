"""Tills over WebSocket: they say hello, sell by pipelined reserve and commit, follow the feed, and lose their line now and then."""

from __future__ import annotations

import random
import time
from typing import Any, ClassVar

import orjson
from gevent.event import AsyncResult
from locust import between, task

from loadtests.scenarios import right
from loadtests.scenarios.asking import Asker
from loadtests.scenarios.books import Command
from loadtests.scenarios.following import Following
from loadtests.scenarios.goods import Goods, wire
from loadtests.scenarios.line import LOST, TIMEOUT_S, Heard, Line

SALES_MAX = 3
"""Sales a till has under way at once: an impatient queue."""
WATCHES = 4
"""Every fourth till follows the whole company and measures how late it hears of others; the rest follow their own warehouse."""
HOLD_S = 86_400
KEPT = 0.8
"""Share of promises that are kept; the customers of the others change their mind at the till."""

Held = tuple[Command, str]
"""A reservation and its id."""


class Till(Asker):
    """One till in one warehouse, with one line that is opened again whenever it is lost."""

    weight = 30
    wait_time = between(2, 5)
    scenario = "tills"
    count: ClassVar[int] = 0

    def on_start(self) -> None:
        Till.count += 1
        self.number = Till.count
        self.warehouse = self.goods.warehouses[self.number % 2]
        self.following = Following(dense=self.number % WATCHES == 1)
        self.line: Line | None = None

    def on_stop(self) -> None:
        if self.line is not None:
            self.line.close()

    @property
    def goods(self) -> Goods:
        """What is sold."""
        return self.stage.shelves.shelf

    @task(20)
    def sell(self) -> None:
        """Some sales at once: every promise that was given is kept, or taken back."""
        reserves = [self._reserve() for _ in range(random.randint(1, SALES_MAX))]
        held = self._do(reserves, "reserve")
        kept = [each for each in held if random.random() < KEPT]
        self._end(kept, "commit")
        self._end([each for each in held if each not in kept], "release")

    @task(2)
    def ping(self) -> None:
        """Whether the line is alive, and how far the feed is."""
        if line := self._line():
            began = time.perf_counter()
            pong = self._wait(self._send(line, {"op": "ping"}))
            self._tell("ping", began, pong, "" if pong and isinstance(pong.frame.get("as_of_seq"), int) else "no pong")

    @task(1)
    def lose_the_line(self) -> None:
        """Cut while commands are under way. They are sent again on a new line, and must have happened at most once."""
        line, reserves = self._line(), [self._reserve() for _ in range(2)]
        if line is None:
            return
        for each in reserves:
            self.stage.begin(each)
            self._send(line, _frame(each))
        line.drop()
        self.line = None
        self._end(self._do(reserves, "resend"), "release")

    def _end(self, held: list[Held], verb: str) -> None:
        self._do([self.stage.end_of_hold(self.goods, self.role, verb, *each) for each in held], verb)

    def _reserve(self) -> Command:
        lines = tuple((sku, self.warehouse, random.randint(1, 2)) for sku in random.sample(self.goods.skus, random.randint(1, 2)))
        body = {"lines": wire(lines), "reference": f"till-{self.number}", "expires_in": HOLD_S}
        return Command(self.goods.company, self.role, "reserve", self.stage.key(self.scenario), body, lines)

    def _do(self, commands: list[Command], name: str) -> list[Held]:
        """Send them all, then wait for all; the reservations that were done."""
        line = self._line() if commands else None
        if line is None:
            return []
        begun = []
        for command in commands:
            self.stage.begin(command)
            begun.append((command, time.perf_counter(), self._send(line, _frame(command))))
        return [done for command, began, answer in begun if (done := self._judged(command, name, began, self._wait(answer)))]

    def _judged(self, command: Command, name: str, began: float, heard: Heard | None) -> Held | None:
        frame = heard.frame if heard else {}
        status, body = int(frame.get("status", 0)), frame.get("body") or frame.get("problem") or {}
        wrong = right.complaint(command, status, body)
        self._tell(name, began, heard, wrong)
        self.stage.books.answered(command, status)
        return None if wrong or status >= 400 else (command, body["reservation"]["id"])

    def _send(self, line: Line, frame: dict[str, Any]) -> AsyncResult:
        try:
            return line.send(frame)
        except LOST:
            self.line = None
            lost = AsyncResult()
            lost.set(None)
            return lost

    def _wait(self, answer: AsyncResult) -> Heard | None:
        answer.wait(TIMEOUT_S)
        found: Heard | None = answer.value
        return found

    def _line(self) -> Line | None:
        """The line as it is, or a new one that goes on where the last one was lost."""
        if self.line is not None:
            return self.line
        began = time.perf_counter()
        name, after = "hello" if self.following.after is None else "resume", self.following.after
        warehouses = None if self.following.dense else [self.warehouse]
        try:
            line = Line(self.goods.company, *self._way_in(), self._heard)
            hello = self._wait(line.send({"op": "hello", "after": after, "warehouses": warehouses, "device": f"till-{self.number}"}))
        except LOST as problem:
            self._tell(name, began, None, f"no line: {type(problem).__name__}")
            return None
        self._tell(name, began, hello, "" if hello else "no hello")
        self.line = line
        return line

    def _way_in(self) -> tuple[str, dict[str, str]]:
        """A till shows its key; a kiosk in a browser cannot, and gets a ticket."""
        if self.number % 2:
            return "", self.goods.company.bearer(self.role)
        company, name = self.goods.company, self.named("ticket")
        with self.client.post(f"{company.base}/live/ticket", headers=company.bearer(self.role), name=name, catch_response=True) as response:
            made = orjson.loads(response.content or b"{}") if response.status_code == 201 else {}
            response.success() if made.get("ticket") else response.failure(f"{response.status_code} and no ticket")
        return f"?ticket={made.get('ticket', '')}", {}

    def _heard(self, frame: dict[str, Any]) -> None:
        """A frame of the feed."""
        wrong, seen_ms = "", None
        if frame["op"] == "hello":
            wrong = self.following.hello(frame["as_of_seq"])
        elif frame["op"] == "resync":
            self.following.resync(frame["as_of_seq"])
            self.stage.books.counts["tills resynced"] += 1
        elif frame["op"] == "event":
            wrong = self.following.event(frame["seq"], frame["data"])
            seen_ms = self.stage.seen_after_ms(frame["data"]["key"]) if self.following.dense else None
            self.stage.books.counts["events tills heard"] += 1
        if wrong or seen_ms is not None:
            self._count("event", seen_ms or 0.0, wrong)

    def _tell(self, name: str, began: float, heard: Heard | None, wrong: str) -> None:
        """How long it took from sending to hearing; a till that waits for one answer does not slow down the others."""
        self._count(name, ((heard.at if heard else time.perf_counter()) - began) * 1_000, wrong)

    def _count(self, name: str, took_ms: float, wrong: str) -> None:
        problem = AssertionError(wrong) if wrong else None
        self.environment.events.request.fire(
            request_type="WS", name=self.named(name), response_time=took_ms, response_length=0, exception=problem, context={}
        )


def _frame(command: Command) -> dict[str, Any]:
    return {"op": "do", "verb": command.verb, "key": command.key, "body": command.body}
