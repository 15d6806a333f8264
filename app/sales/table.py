"""Reading an export of any columns: bytes become rows, each with its number in the file. Nothing is guessed and nothing is dropped.

The file may be gzipped; it is UTF-8 (with or without a byte order mark) or cp1252, separated by commas, with a header that
names exactly the columns that are wanted, in any order. A row with another number of fields is kept, with its fault.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from app.settings import CannotStart

BYTES_MAX = 512 * 2**20
"""Unpacked: some five million lines, which is what fits in memory as objects."""
_GZIP = b"\x1f\x8b"
_WIDE = (b"\xff\xfe", b"\xfe\xff")


class CannotRead(CannotStart):
    """The file as a whole cannot be used; the sentence says why."""


@dataclass(frozen=True, slots=True)
class Row:
    """Fields in the order of the wanted columns, trimmed; all empty where `fault` says why it could not even be taken apart."""

    number: int
    fields: tuple[str, ...]
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A whole file. `digest` stands for its content, however it was packed."""

    name: str
    digest: str
    rows: list[Row]


def read(path: Path, columns: Sequence[str], what: str) -> Table:
    """The rows of a file. `what` names such files to the reader. Raises CannotRead with a sentence."""
    data = _unpacked(path)
    rows = list(_rows(_decoded(data, path), path, columns, what))
    if not rows:
        raise CannotRead(f"{path} has a header but no lines: there is nothing to do.")
    return Table(path.name, hashlib.sha256(data).hexdigest()[:12], rows)


def _unpacked(path: Path) -> bytes:
    try:
        data = path.read_bytes()
    except OSError as problem:
        raise CannotRead(f"Cannot read {path}: {problem.strerror}.") from problem
    if data.startswith(_GZIP):
        try:
            with gzip.open(io.BytesIO(data)) as packed:
                data = packed.read(BYTES_MAX + 1)
        except (OSError, EOFError, zlib.error) as problem:
            raise CannotRead(f"{path} is not a complete gzip file ({problem}).") from problem
    if len(data) > BYTES_MAX:
        raise CannotRead(f"{path} is larger than {BYTES_MAX // 2**20} MB: cut it in parts.")
    if not data.strip():
        raise CannotRead(f"{path} is empty.")
    return data


def _decoded(data: bytes, path: Path) -> str:
    if data.startswith(_WIDE):
        raise CannotRead(f"{path} is UTF-16: save it as UTF-8.")
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise CannotRead(f"{path} is not text in UTF-8 or cp1252.")


def _rows(text: str, path: Path, columns: Sequence[str], what: str) -> Iterator[Row]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    places: list[int] | None = None
    while True:
        number = reader.line_num + 1
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as problem:
            if reader.line_num > number:
                raise CannotRead(f"{path}, line {number}: a quote is opened there and never closed rightly ({problem}).") from problem
            fields, fault = [], f"not valid CSV: {problem}"
        else:
            fault = ""
        if places is None:
            places = _places(fields, path, columns, what)
        elif fields or fault:
            yield _row(number, fields, places, fault)


def _places(header: list[str], path: Path, columns: Sequence[str], what: str) -> list[int]:
    """Where each wanted column stands in the file."""
    names = [name.strip() for name in header]
    if sorted(names) == sorted(columns):
        return [names.index(column) for column in columns]
    missing = [column for column in columns if column not in names]
    unknown = [name[:40] for name in names if name not in columns]
    twice = sorted({name for name in names if name in columns and names.count(name) > 1})
    told = [
        f"{what} {', '.join(found)}" for what, found in (("missing", missing), ("not known", unknown[:8]), ("there twice", twice)) if found
    ]
    hint = " Columns are separated by commas." if len(names) == 1 else ""
    raise CannotRead(f"{path} does not begin with the columns of {what}: {'; '.join(told)}.{hint}")


def _row(number: int, fields: list[str], places: list[int], fault: str) -> Row:
    if not fault and len(fields) != len(places):
        fault = f"{len(fields)} fields instead of {len(places)}"
    if fault:
        return Row(number, ("",) * len(places), fault)
    return Row(number, tuple(fields[place].strip() for place in places))
