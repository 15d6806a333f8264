"""A company's REST routes as the replay uses them: patient where waiting helps, plain where it does not."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import orjson

PATIENCE_S = 120.0
"""How long a server that does not answer is waited for: longer than any restart of a part of it takes."""
PAUSE_MAX_S = 5.0
TIMEOUT_S = 60.0
PAGE = 500

Json = dict[str, Any]


class Stuck(Exception):
    """The replay cannot go on; the sentence says why and what to do."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where to replay into. The key is never shown."""

    url: str
    tenant: str
    key: str = field(repr=False)

    @property
    def base(self) -> str:
        """The path all of the company's routes begin with."""
        return f"{urlsplit(self.url).path.rstrip('/')}/v1/{quote(self.tenant, safe='')}"


class Rest:
    """One connection, used by one thread. Every change carries its key, so asking again is always safe."""

    def __init__(self, target: Target, patience_s: float = PATIENCE_S) -> None:
        self._target = target
        self._patience_s = patience_s
        parts = urlsplit(target.url)
        kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        self._connection = kind(parts.hostname or "localhost", parts.port, timeout=TIMEOUT_S)

    def get(self, path: str, **query: str | int | None) -> Json:
        """The JSON of a path below the company's. Raises Stuck when it cannot be had."""
        asked = urlencode({name: value for name, value in query.items() if value is not None})
        status, body = self._insist("GET", f"{path}?{asked}" if asked else path, b"", {})
        if status == 404:  # all we read are lists, which every company has
            raise Stuck(turned_away(self._target, 401))
        if status != 200:
            raise Stuck(f"{self._target.url} answered {status} to GET {path}: {detail(body)}")
        return body

    def pages(self, path: str, **query: str | int | None) -> Iterator[list[Json]]:
        """A list, page by page."""
        cursor: str | None = None
        while True:
            page = self.get(path, **query, limit=PAGE, cursor=cursor)
            yield page["items"]
            cursor = page["next"]
            if cursor is None:
                return

    def post(self, path: str, body: Mapping[str, Any], key: str) -> tuple[int, Json]:
        """Status and JSON of a change. Raises Stuck when there is no answer; refusals are the caller's to judge."""
        headers = {"Content-Type": "application/json", "Idempotency-Key": key}
        return self._insist("POST", path, orjson.dumps(body), headers)

    def patch(self, path: str, body: Mapping[str, Any], key: str, version: int) -> tuple[int, Json]:
        """Status and JSON of a change to what was seen at `version`. Raises Stuck as `post` does."""
        headers = {"Content-Type": "application/json", "Idempotency-Key": key, "If-Match": f'"{version}"'}
        return self._insist("PATCH", path, orjson.dumps(body), headers)

    def close(self) -> None:
        """Hang up."""
        self._connection.close()

    def _insist(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, Json]:
        """Ask until there is an answer that is not "try again", for as long as patience lasts."""
        until, pause = time.monotonic() + self._patience_s, 0.1
        while True:
            try:
                status, wait_s, answer = self._ask(method, path, body, headers)
            except (OSError, HTTPException) as problem:
                self._connection.close()
                status, wait_s, answer = 0, pause, {"detail": str(problem) or type(problem).__name__}
            if status not in (0, 429, 500, 502, 503, 504):
                self._check_door(status)
                return status, answer
            if time.monotonic() + wait_s > until:
                raise Stuck(
                    unreachable(self._target.url) if not status else f"{self._target.url} keeps answering {status}: {detail(answer)}"
                )
            time.sleep(wait_s)
            pause = min(PAUSE_MAX_S, pause * 2)

    def _ask(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, float, Json]:
        signed = {**headers, "Authorization": f"Bearer {self._target.key}", "Accept": "application/json"}
        self._connection.request(method, f"{self._target.base}/{path}", body or None, signed)
        response = self._connection.getresponse()
        content = response.read()
        again = response.headers.get("Retry-After", "")
        try:
            answer = orjson.loads(content)
        except ValueError:
            answer = {}
        wait_s = min(PAUSE_MAX_S, float(again)) if again.isdigit() else 0.5
        return response.status, wait_s, answer if isinstance(answer, dict) else {}

    def _check_door(self, status: int) -> None:
        if status in (401, 403):
            raise Stuck(turned_away(self._target, status))


def unreachable(url: str) -> str:
    """The sentence for a server that is not there."""
    return f"Nothing answers at {url}: start Onhand there (make run), or name another address with --url."


def turned_away(target: Target, status: int) -> str:
    """The sentence for a key that does not open what is needed."""
    if status == 403:
        return f"The API key may not do this in {target.tenant}: a replay needs the key of a manager or an administrator."
    return f"The API key does not open the company {target.tenant} at {target.url}: name another with --key (and --tenant)."


def detail(problem: Mapping[str, Any]) -> str:
    """The sentence of a problem document, with the first thing it blames."""
    said = str(problem.get("detail") or problem.get("title") or problem.get("code") or "no reason given")
    errors = problem.get("errors") or []
    return f"{said} {errors[0]}" if errors else said
