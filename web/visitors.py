"""Who knocks, before anybody knows who it is: their browser, and how often they may."""

from __future__ import annotations

import re
from ipaddress import IPv6Address, IPv6Network

from quart import g, request

from kit.errors import refuse
from tenants.messages import Visitor
from web import forwarded, session
from web.limits import Limiter, Spent

DEVICE_LENGTH_MAX = 60
# The first that fits: Edge says Chrome too, and Chrome says Safari.
_BROWSERS = (
    (r"Edg(?:e|A|iOS)?/", "Edge"),
    (r"OPR/|Opera", "Opera"),
    (r"YaBrowser/", "Yandex"),
    (r"Firefox/|FxiOS/", "Firefox"),
    (r"Chrome/|CriOS/|Chromium/", "Chrome"),
    (r"Safari/", "Safari"),
)
_SYSTEMS = (
    (r"Android", "Android"),
    (r"iPhone|iPad|iOS", "iOS"),
    (r"Windows", "Windows"),
    (r"Mac OS X|Macintosh", "macOS"),
    (r"CrOS", "ChromeOS"),
    (r"Linux", "Linux"),
)


def visitor() -> Visitor:
    """The browser that asks."""
    return Visitor(session.session_cookie(), device_label(request.headers.get("User-Agent", "")), address())


def address() -> str:
    """Where the request came from."""
    return request.remote_addr or ""


def place() -> str:
    """Where the request came from, as limits count it: whoever has one IPv6 address has the other 2^64 of its network as well."""
    found = forwarded.address_of(address())
    if isinstance(found, IPv6Address):
        return str(IPv6Network((found, 64), strict=False))
    return address() if found is None else str(found)


def device_label(user_agent: str) -> str:
    """`Firefox, Linux`: enough to know one's own again. What is not known shows its own first word."""
    named = [_first(_BROWSERS, user_agent), _first(_SYSTEMS, user_agent)]
    return (
        ", ".join(each for each in named if each) or "".join(c for c in user_agent.split(" ", 1)[0] if c.isprintable())[:DEVICE_LENGTH_MAX]
    )


def knock(limiter: Limiter, key: str, code: str = "too_many_attempts") -> Spent:
    """Count an attempt. Refuses the one that is too many; the answer tells how many are left."""
    spent = limiter.spend(key)
    g.spent = spent
    if not spent.allowed:
        raise refuse(code, retry_after_s=spent.retry_after_s)
    return spent


def succeeded(limiter: Limiter, key: str) -> None:
    """Only failures count: take the attempt back."""
    limiter.give_back(key)
    g.spent = None


def _first(known: tuple[tuple[str, str], ...], text: str) -> str:
    return next((name for pattern, name in known if re.search(pattern, text)), "")
