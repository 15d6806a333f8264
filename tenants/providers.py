"""What issuers publish about themselves: their discovery document and their keys, remembered for a while.

A key that is not known yet makes us ask again, for issuers change keys; but not more often than every half minute for an
address, so that tokens with invented key names cannot make us hammer anybody.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tenants.outside import Outside, Unreachable
from tenants.token_rules import Unproven, key_for

DISCOVERY_S = 3600.0
KEYS_S = 600.0
AGAIN_S = 30.0
REMEMBERED_MAX = 500
KEYS_MAX = 100
Json = Mapping[str, Any]


@dataclass
class _Known:
    """A document, when it was asked for last (with or without success), and whoever asks now."""

    document: Json | None = None
    fetched: float = float("-inf")
    asked: float = float("-inf")
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


class Providers:
    """Published documents by address. `clock` counts seconds."""

    def __init__(self, outside: Outside, clock: Callable[[], float] = time.monotonic) -> None:
        self.outside = outside
        self._clock = clock
        self._known: OrderedDict[str, _Known] = OrderedDict()

    async def discovery(self, issuer: str) -> Json:
        """The issuer's discovery document, which must be about this very issuer. Raises Unreachable."""
        found = await self._document(f"{issuer.rstrip('/')}/.well-known/openid-configuration", DISCOVERY_S)
        if found.get("issuer") != issuer:
            raise Unreachable("another_issuer")
        return found

    async def keys(self, jwks_url: str, wanted: Unproven | None = None) -> Sequence[Json]:
        """The issuer's keys; asked for again when the one that a token names is not among them. Raises Unreachable."""
        keys = _keys(await self._document(jwks_url, KEYS_S))
        if wanted is not None and key_for(wanted, keys) is None:
            keys = _keys(await self._document(jwks_url, 0.0))
        return keys

    def forget(self) -> None:
        """Ask everybody afresh: somebody wants to see whether it works now."""
        self._known.clear()

    async def _document(self, url: str, good_for_s: float) -> Json:
        known = self._known.setdefault(url, _Known())
        self._known.move_to_end(url)
        while len(self._known) > REMEMBERED_MAX:
            self._known.popitem(last=False)
        async with known.turn:
            now = self._clock()
            if now - known.fetched > good_for_s and now - known.asked >= AGAIN_S:
                known.asked = now
                try:
                    known.document, known.fetched = await self.outside.document(url), now
                except Unreachable:
                    # What is known stays good for a while longer: an issuer that is down must not stop every till.
                    if known.document is None or now - known.fetched > DISCOVERY_S:
                        raise
        if known.document is None:
            raise Unreachable("no_answer")
        return known.document


def _keys(document: Json) -> Sequence[Json]:
    keys = document.get("keys")
    return [each for each in keys[:KEYS_MAX] if isinstance(each, dict)] if isinstance(keys, list) else []
