"""One request of the lean path: what it asks for, read once from the ASGI scope, and its body."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any, NamedTuple

from inventory import stock
from kit.errors import refuse
from web.trace import request_id

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]

BODY_S = 60.0
"""How long a body may take to arrive, as in Quart."""
BULK = "bulk"
_PATH = re.compile(rf"/v1/([^/]+)/stock/({'|'.join(map(re.escape, (*stock.VERBS, BULK)))})")


class Gone(Exception):
    """The client left before it had said everything."""


class Call(NamedTuple):
    """A stock command of a program. `headers` by their lower-case names; of one that comes twice the first counts, as in Quart."""

    slug: str
    verb: str
    headers: Mapping[bytes, bytes]
    id: str
    secure: bool
    address: str

    def header(self, name: bytes) -> str | None:
        """The value of a header, None when it was not sent."""
        value = self.headers.get(name)
        return None if value is None else value.decode("latin-1")

    @property
    def mimetype(self) -> str:
        """The content type without its parameters."""
        return (self.header(b"content-type") or "").partition(";")[0].strip().lower()


def call_of(scope: Scope) -> Call | None:
    """The call, or None when the request is not one for the lean path."""
    if scope["type"] != "http" or scope["method"] != "POST":
        return None
    found = _PATH.fullmatch(scope["path"])
    if found is None:
        return None
    headers: dict[bytes, bytes] = {}
    for name, value in scope["headers"]:
        headers.setdefault(name.lower(), value)
    if b"authorization" not in headers:
        return None
    sent = headers.get(b"x-request-id", b"").decode("latin-1")
    address = (scope.get("client") or ("",))[0]
    return Call(found[1], found[2], headers, request_id(sent), scope.get("scheme") == "https", address)


async def body_of(call: Call, receive: Receive, size_max: int) -> bytes:
    """The whole body. Refuses `too_large`, and a body that does not arrive; raises Gone when the client leaves."""
    told = call.headers.get(b"content-length", b"0")
    if not told.isdigit() or int(told) > size_max:
        raise refuse("too_large")
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(BODY_S):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise Gone
                parts.append(message.get("body", b""))
                size += len(parts[-1])
                if size > size_max:
                    raise refuse("too_large")
                if not message.get("more_body", False):
                    return parts[0] if len(parts) == 1 else b"".join(parts)
    except TimeoutError:
        raise refuse("malformed_request", why="the body did not arrive") from None
