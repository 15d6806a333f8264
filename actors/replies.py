"""Idempotency: the outcomes this owner remembers. The unique key in the database is the judge of all the others."""

from __future__ import annotations

from itertools import islice

import asyncpg

from actors.cell import Batch, Known

KNOWN_MAX = 50_000
"""Outcomes kept in memory: about 20 MB, and at full speed still the last second or two, where nearly all repeats come from."""


class Replies:
    """The most recent outcomes by key hash. Holds those of batches in flight too: a repeat commits behind its original."""

    def __init__(self) -> None:
        self.known: Known = {}

    def remember(self, batch: Batch) -> None:
        """Keep the outcomes of a batch just decided."""
        self.known.update(batch.known)
        if len(self.known) > KNOWN_MAX:
            for key_hash in list(islice(self.known, len(self.known) - KNOWN_MAX * 9 // 10)):
                del self.known[key_hash]

    def forget(self, batch: Batch) -> None:
        """Drop what a failed batch answered: it is not true. What committed batches answered stays true."""
        for key_hash in batch.known:
            self.known.pop(key_hash, None)

    async def recall(self, connection: asyncpg.Connection[asyncpg.Record], tenant: int, part: int, keys: list[bytes]) -> None:
        """Read the recorded outcomes of these keys, so that the commands which repeat them are answered from the record."""
        for key_hash, body_hash, reply in await connection.fetch("SELECT * FROM stock_known($1, $2, $3)", tenant, part, keys):
            self.known[key_hash] = (body_hash, reply)


__all__ = ["Known", "Replies"]
