"""Users that ask over HTTP: every answer is timed under the scenario's own name for it, checked, and entered in the books."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import orjson
from locust import FastHttpUser

from loadtests.scenarios import right
from loadtests.scenarios.books import Command
from loadtests.scenarios.company import Company, Json
from loadtests.scenarios.stage import Stage

TIMEOUT_S = 20.0
Fits = Callable[[Any], str]
"""What is wrong with a body; empty when nothing is."""


class Asker(FastHttpUser):
    """A program with an API key. `scenario` goes before every name, `role` says whose key."""

    abstract = True
    network_timeout = connection_timeout = TIMEOUT_S
    scenario: ClassVar[str]
    role: ClassVar[str] = "operator"

    @property
    def stage(self) -> Stage:
        """What all users share."""
        found: Stage = self.environment.stage
        return found

    def perform(self, name: str, command: Command, *, again: bool = False) -> tuple[int, Json]:
        """Ask for a command; `again` says that it was answered before, so this answer must bear the mark of a repetition."""
        self.stage.begin(command)
        headers = command.company.bearer(command.role) | {"Idempotency-Key": command.key}
        path = f"{command.company.base}/stock/{command.verb}"
        with self.client.post(path, json=command.body, headers=headers, name=self.named(name), catch_response=True) as response:
            status, body = response.status_code or 0, _parsed(response.content)
            wrong = right.complaint(command, status, body)
            if again and not wrong and response.headers.get("Idempotent-Replayed") != "true":
                wrong = "a repetition that does not say so"
            response.failure(wrong) if wrong else response.success()
        self.stage.books.answered(command, status)
        return status, body

    def read(self, name: str, company: Company, path: str, fits: Fits) -> Json | None:
        """The body of a GET below the company's API; None when it was not right."""
        url = f"{company.base}/{path}"
        with self.client.get(url, headers=company.bearer(self.role), name=self.named(name), catch_response=True) as response:
            body = _parsed(response.content)
            wrong = fits(body) if response.status_code == 200 else f"{response.status_code or 'no answer'} {body.get('code', '')}".strip()
            response.failure(wrong) if wrong else response.success()
        return None if wrong else body

    def named(self, name: str) -> str:
        """The name under which a request is counted and has its target."""
        return f"{self.scenario}: {name}"


def _parsed(content: bytes | None) -> Json:
    try:
        body = orjson.loads(content or b"")
    except ValueError:
        return {"detail": "the body is not JSON"}
    return body if isinstance(body, dict) else {"detail": "the body is not an object"}
