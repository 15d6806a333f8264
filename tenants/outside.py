"""Asking other people's servers (an issuer's keys, a provider's token) without being led anywhere else.

An address comes from an admin of some company, so it is treated as hostile: https only, no way into our own network, no
redirects, no long waits, no long answers. The name is resolved once and that very address is connected to: a name that points
elsewhere a moment later (DNS rebinding) changes nothing.
"""

from __future__ import annotations

import asyncio
import json
import socket
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

import httpx2

TIME_S = 5.0
ANSWER_MAX = 64 * 1024
_PORTS = (443, 8443)
Address = IPv4Address | IPv6Address


class Unreachable(Exception):
    """Why an address was not asked, or did not answer as it should. `code` is one of ours; nothing of the answer is in it."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Outside(httpx2.AsyncBaseTransport):
    """The one way out. `strict` (production) keeps to public addresses and https; otherwise this machine's own may be asked too."""

    def __init__(self, strict: bool) -> None:
        self._strict = strict
        self._inner = httpx2.AsyncHTTPTransport(trust_env=False, retries=0)

    async def document(self, url: str) -> dict[str, Any]:
        """The JSON object at an address. Raises Unreachable."""
        async with httpx2.AsyncClient(transport=self, trust_env=False, follow_redirects=False) as client:
            response = await client.get(url, headers={"Accept": "application/json"})
        try:
            found = json.loads(response.content) if response.status_code == 200 else None
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise Unreachable("no_document")
        return found

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """One request to where its name points now. Raises Unreachable."""
        try:
            async with asyncio.timeout(TIME_S):
                return await self._asked(request)
        except (TimeoutError, httpx2.HTTPError, OSError) as problem:
            raise Unreachable("no_answer") from problem

    async def aclose(self) -> None:
        """Connections are closed one by one: this one outlives the clients that borrow it."""

    async def _asked(self, request: httpx2.Request) -> httpx2.Response:
        name = request.url.host
        address = await self._address(request.url)
        headers = httpx2.Headers(request.headers)
        headers["Accept-Encoding"], headers["Connection"] = "identity", "close"
        pinned = httpx2.Request(
            request.method,
            request.url.copy_with(host=str(address)),
            headers=headers,
            stream=request.stream,
            extensions={**request.extensions, "sni_hostname": name},
        )
        response = await self._inner.handle_async_request(pinned)
        try:
            body = await _body(response)
        finally:
            await response.aclose()
        if 300 <= response.status_code < 400 or response.headers.get("content-encoding", "identity") != "identity":
            raise Unreachable("redirects")
        return httpx2.Response(response.status_code, headers=response.headers, content=body, request=request)

    async def _address(self, url: httpx2.URL) -> Address:
        port = url.port or (443 if url.scheme == "https" else 80)
        if url.userinfo or not url.host or url.scheme not in ("https", "http"):
            raise Unreachable("not_https")
        try:
            found = await asyncio.get_running_loop().getaddrinfo(url.host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as problem:
            raise Unreachable("no_such_host") from problem
        addresses = [ip_address(each[4][0]) for each in found]
        if not addresses:
            raise Unreachable("no_such_host")
        refused = next((code for code in (self._refused(url.scheme, port, each) for each in addresses) if code), None)
        if refused:
            raise Unreachable(refused)
        return addresses[0]

    def _refused(self, scheme: str, port: int, address: Address) -> str | None:
        if not self._strict:
            return None if scheme == "https" or address.is_loopback else "not_https"
        if scheme != "https" or port not in _PORTS:
            return "not_https"
        return None if is_public(address) else "private_address"


def is_public(address: Address) -> bool:
    """Whether an address belongs to the internet and not, however it is spelled, to a network of our own."""
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1] or _nat64(address)
        if inner is not None:
            return is_public(inner)
    return address.is_global and not address.is_multicast and not address.is_reserved


def _nat64(address: IPv6Address) -> IPv4Address | None:
    return IPv4Address(int(address) & 0xFFFFFFFF) if address.exploded.startswith("0064:ff9b:") else None


async def _body(response: httpx2.Response) -> bytes:
    parts, size = [], 0
    async for part in response.aiter_raw():
        size += len(part)
        if size > ANSWER_MAX:
            raise Unreachable("too_long")
        parts.append(part)
    return b"".join(parts)
