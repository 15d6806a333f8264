"""Behind proxies: where a request came from and whether it came by TLS, as a trusted proxy says. Nobody else is believed.

`X-Forwarded-For` is read from its end: each proxy adds who it heard the request from, so what stands further left than the first
address that is no trusted proxy's may have been written by anybody. `X-Forwarded-Host` is never read: a proxy passes `Host` on.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import TypeAlias, cast

from quart import Quart

from web.fast.call import Asgi, Receive, Scope, Send

Networks: TypeAlias = Sequence[IPv4Network | IPv6Network]
_SECURE = {"http": "https", "ws": "wss"}


def install(app: Quart, trusted: Networks) -> None:
    """Believe these proxies. To be installed last, so that everything else already sees the client's address."""
    if trusted:
        app.asgi_app = Forwarded(cast(Asgi, app.asgi_app), trusted)  # type: ignore[method-assign, assignment]


class Forwarded:
    """An ASGI app in front of another, which it tells of the client instead of the proxy."""

    def __init__(self, rest: Asgi, trusted: Networks) -> None:
        self._rest = rest
        self._trusted = trusted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on as the proxy says it was."""
        await self._rest(self._as_said(scope), receive, send)

    def _as_said(self, scope: Scope) -> Scope:
        peer = (scope.get("client") or ("", 0))[0]
        if scope["type"] not in ("http", "websocket") or not _is_trusted(peer, self._trusted):
            return scope
        address = client_of(peer, _listed(scope, b"x-forwarded-for"), self._trusted)
        by_tls = _listed(scope, b"x-forwarded-proto")[-1:] in (["https"], ["wss"])
        scheme = scope.get("scheme", "http")
        return {**scope, "client": (address, 0), "scheme": _SECURE.get(scheme, scheme) if by_tls else scheme}


def client_of(peer: str, said: Sequence[str], trusted: Networks) -> str:
    """The first address, from us outwards, that is not a trusted proxy's. Where a proxy names none that can be read, it is the proxy's."""
    client = peer
    for text in reversed(said):
        address = address_of(text)
        if address is None:
            return client
        client = str(address)
        if not _is_trusted(client, trusted):
            return client
    return client


def _is_trusted(text: str, trusted: Networks) -> bool:
    address = address_of(text)
    return address is not None and any(address in network for network in trusted)


def address_of(text: str) -> IPv4Address | IPv6Address | None:
    """An address as proxies write it: also with a port, in brackets, or an IPv4 one as IPv6."""
    bare = text[1:].partition("]")[0] if text.startswith("[") else text
    if bare.count(":") == 1:
        bare = bare.partition(":")[0]
    try:
        address = ip_address(bare)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _listed(scope: Scope, header: bytes) -> list[str]:
    """The parts of a header, which may also come several times, in order."""
    headers: Iterable[tuple[bytes, bytes]] = scope["headers"]
    values = [value.decode("latin-1") for name, value in headers if name.lower() == header]
    return [part for value in values for each in value.split(",") if (part := each.strip())]
