"""The chain of facts: SHA-256 over the previous hash and the fact's own bytes, as `fact_hash` in the database makes it.

Written there, when a transaction commits, so that no writer of facts can be forgotten; computed here again to verify.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable

HASH_VERSION = 1
PART = -1
"""The part under which the chain of a company's facts is proven and anchored. Partitions of the ledger count from 0."""
GENESIS = bytes(32)
"""The hash before the first fact."""

_FIXED = struct.Struct(">32sBiqqqihiii")
"""The previous hash, version byte, tenant, seq, id, recorded time, principal, role, and the lengths of its texts, which follow."""
_OF_PERSON = struct.Struct(">i32s")


def fact_hash(
    previous: bytes,
    tenant: int,
    seq: int,
    fact_id: int,
    recorded_us: int,
    who: tuple[int, int],
    texts: tuple[str, str, str],
    digests: Iterable[tuple[int, bytes]],
) -> bytes:
    """The hash of a fact after one with the hash `previous`. `who`: principal and role. `texts`: name, subject, and body as the
    database writes it. `digests`: of the words beside it, by the principal they are about, in order."""
    encoded = [each.encode() for each in texts]
    fixed = _FIXED.pack(previous, HASH_VERSION, tenant, seq, fact_id, recorded_us, *who, *map(len, encoded))
    return hashlib.sha256(fixed + b"".join(encoded) + b"".join(_OF_PERSON.pack(*each) for each in digests)).digest()


def words_digest(salt: bytes, words: str) -> bytes:
    """What the chain holds of words: with the salt gone nobody can try which words they were."""
    return hashlib.sha256(salt + words.encode()).digest()
