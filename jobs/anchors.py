"""Anchors: heads of ledgers, signed and written outside the database, so that whoever can write there cannot rewrite the past.

A JSON line per anchoring. Each names the SHA-256 of the line before it, so a line cannot be taken out unseen; a tail that
was cut off shows against `stock_proofs.anchored_seq`. Without the key no line can be made.
"""

from __future__ import annotations

import hashlib
import os
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from kit.clock import rfc3339

FILE = "anchors.jsonl"
PUBLIC_KEY = "anchors.pub"
Partition = tuple[int, int]
Connection: TypeAlias = Any


class Head(NamedTuple):
    """The last row of a partition that was proven, and the one that was anchored last."""

    tenant: int
    part: int
    seq: int
    hash: bytes
    anchored_seq: int = 0


@dataclass(slots=True)
class Anchors:
    """What a file of anchors says: the anchored rows of each partition in order, and the lines that cannot be relied on."""

    rows: dict[Partition, list[tuple[int, bytes]]] = field(default_factory=dict)
    lines: int = 0
    last_line: bytes = b""
    problems: list[str] = field(default_factory=list)

    def of(self, partition: Partition, since: int = 0) -> list[tuple[int, bytes]]:
        """The anchors of a partition that come after a row, and the last one before that."""
        rows = self.rows.get(partition, [])
        return rows[max(0, bisect_right(rows, since, key=itemgetter(0)) - 1) :]

    def last(self, partition: Partition) -> int:
        """The last row anchored, 0 for none."""
        return self.rows.get(partition, [(0, b"")])[-1][0]

    def add(self, heads: Iterable[Head], line: bytes) -> None:
        """Take in a line that was just read or written."""
        self.lines += 1
        self.last_line = line
        for head in heads:
            self.rows.setdefault((head.tenant, head.part), []).append((head.seq, head.hash))


async def home(connection: Connection, root: Path) -> Path:
    """The folder of the anchors of this very database: another one, or one made anew, must not look like a robbed one."""
    found = await connection.fetchrow(
        "SELECT system_identifier, (SELECT oid FROM pg_database WHERE datname = current_database()) FROM pg_control_system()"
    )
    return root / "{}-{}".format(*found)


def read(folder: Path, key_path: Path) -> Anchors:
    """All anchors in a folder, checked. The key proves them if it is here, else the public key beside them."""
    anchors = Anchors()
    if not (folder / FILE).exists():
        return anchors
    public = _public_key(folder, key_path)
    if public is None:
        anchors.problems.append(f"no key to check {FILE} with")
    for number, line in enumerate(_lines(folder / FILE), 1):
        try:
            anchored = _opened(line, public)
        except (ValueError, KeyError, TypeError, InvalidSignature):
            anchors.problems.append(f"line {number} of {FILE} was not signed by us")
            anchors.add((), line)
            continue
        if (anchored["number"], anchored["previous"]) != (number, _digest(anchors.last_line)):
            anchors.problems.append(f"line {number} of {FILE} does not follow the one before it")
        if anchored["lost"]:
            anchors.problems.append(f"lines before line {number} of {FILE} were lost")
        anchors.add([Head(tenant, part, seq, bytes.fromhex(digest)) for tenant, part, seq, digest in anchored["heads"]], line)
    return anchors


class Anchorer:
    """Writes anchors. One at a time per folder: the watch holds a lock in the database."""

    def __init__(self, folder: Path, key_path: Path) -> None:
        self._path = folder / FILE
        self._key = _made_key(folder, key_path)
        _cut_torn_end(self._path)
        self.anchors = read(folder, key_path)

    def append(self, heads: Sequence[Head], at_us: int) -> None:
        """Sign the heads and write them down; they are on the disk when this returns.

        When the database remembers a later anchor than the file has, the line says so for good: a cut tail is not healed.
        """
        anchored = {
            "at": rfc3339(at_us),
            "heads": [[head.tenant, head.part, head.seq, head.hash.hex()] for head in heads],
            "lost": any(head.anchored_seq > self.anchors.last((head.tenant, head.part)) for head in heads),
            "number": self.anchors.lines + 1,
            "previous": _digest(self.anchors.last_line),
        }
        signature = self._key.sign(_payload(anchored)).hex()
        line = orjson.dumps({"anchor": anchored, "signature": signature})
        with self._path.open("ab") as file:
            file.write(line + b"\n")
            file.flush()
            os.fsync(file.fileno())
        self.anchors.add(heads, line)


def _opened(line: bytes, public: Ed25519PublicKey | None) -> Any:
    """What a line says. Raises when it is not ours."""
    signed = orjson.loads(line)
    if public is None:
        raise InvalidSignature
    public.verify(bytes.fromhex(signed["signature"]), _payload(signed["anchor"]))
    return signed["anchor"]


def _payload(anchored: Any) -> bytes:
    return orjson.dumps(anchored, option=orjson.OPT_SORT_KEYS)


def _digest(line: bytes) -> str:
    return hashlib.sha256(line).hexdigest()


def _lines(path: Path) -> Iterator[bytes]:
    """Whole lines. An end without a line break was torn by a crash before anybody relied on it."""
    with path.open("rb") as file:
        yield from (line[:-1] for line in file if line.endswith(b"\n"))


def _cut_torn_end(path: Path) -> None:
    if path.exists():
        whole = sum(len(line) + 1 for line in _lines(path))
        if whole < path.stat().st_size:
            os.truncate(path, whole)


def _made_key(folder: Path, key_path: Path) -> Ed25519PrivateKey:
    """The signing key, made the first time, and its public half beside the anchors."""
    folder.mkdir(parents=True, exist_ok=True)
    if not key_path.exists():
        with open(key_path, "xb", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
            file.write(Ed25519PrivateKey.generate().private_bytes_raw().hex().encode())
    key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(key_path.read_text()))
    (folder / PUBLIC_KEY).write_text(key.public_key().public_bytes_raw().hex())
    return key


def _public_key(folder: Path, key_path: Path) -> Ed25519PublicKey | None:
    if key_path.exists():
        return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(key_path.read_text())).public_key()
    beside = folder / PUBLIC_KEY
    return Ed25519PublicKey.from_public_bytes(bytes.fromhex(beside.read_text())) if beside.exists() else None
