"""Idempotency: the outcomes this owner remembers. The unique key in the database is the judge of all the others."""

from __future__ import annotations

from collections import OrderedDict

import asyncpg

from actors.cell import Batch, Known

KNOWN_MAX = 50_000
"""Outcomes kept in memory: about 20 MB, and at full speed still the last second or two, where nearly all repeats come from."""


class Replies:
    """The most recent outcomes by key hash. Holds those of batches in flight too: a repeat commits behind its original."""

    def __init__(self) -> None:
        self.known: OrderedDict[bytes, tuple[bytes, bytes]] = OrderedDict()

    def remember(self, batch: Batch) -> None:
        """Keep the outcomes of a batch just decided."""
        for key_hash, body_hash, _, outcome in batch.replies:
            self.known[key_hash] = (body_hash, outcome)
        while len(self.known) > KNOWN_MAX:
            self.known.popitem(last=False)

    def forget(self, batch: Batch) -> None:
        """Drop what a failed batch answered: it is not true. What committed batches answered stays true."""
        for reply in batch.replies:
            self.known.pop(reply[0], None)

    async def recall(self, connection: asyncpg.Connection[asyncpg.Record], tenant: int, part: int, keys: list[bytes]) -> None:
        """Read the recorded outcomes of these keys, so that the commands which repeat them are answered from the record."""
        for key_hash, body_hash, reply in await connection.fetch("SELECT * FROM stock_known($1, $2, $3)", tenant, part, keys):
            self.known[key_hash] = (body_hash, reply)


__all__ = ["Known", "Replies"]
