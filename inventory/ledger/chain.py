"""The chain that ties every ledger row to all rows before it: SHA-256 over the previous hash and the row's own bytes.

Changing, removing or inserting a row anywhere changes every hash after it.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Sequence
from typing import Any

HASH_VERSION = 1
GENESIS = bytes(32)
"""The hash before the first row."""
NO_COST = -1
"""How an absent unit cost is hashed and sent to the database."""
NUMBERS = 21
"""How many numbers a row begins with."""
LedgerRow = Sequence[Any]
"""A row in the order of `stock_commit`: effective time, deltas of on hand, reserved, blocked and in transit, the same four
totals after it, cell version, document, item, warehouse, location, lot, owner, principal, condition, kind, role, unit cost;
then key, reference and reason; last, if it has one yet, its hash."""

_FIXED = struct.Struct(">32sBiHqqqqqqqqqqqqqqiiiiiiHHHqIII")
"""The previous hash, version byte, tenant, part, seq, epoch, recorded time, the row's numbers, and the lengths of its texts,
which follow."""


def row_hash(previous: bytes, tenant: int, part: int, seq: int, epoch: int, recorded: int, row: LedgerRow) -> bytes:
    """The hash of a row that comes after one with the hash `previous`."""
    key, reference, reason = row[NUMBERS].encode(), row[NUMBERS + 1].encode(), row[NUMBERS + 2].encode()
    fixed = _FIXED.pack(previous, HASH_VERSION, tenant, part, seq, epoch, recorded, *row[:NUMBERS], len(key), len(reference), len(reason))
    return hashlib.sha256(fixed + key + reference + reason).digest()
