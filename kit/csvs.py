"""CSV out: exactly what a list shows, safe to open in a spreadsheet. CSV in: what a spreadsheet saves, in whatever dialect."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

_DELIMITERS = (";", "\t", ",")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\0", "＝", "＋", "－", "＠")


def cell(value: object) -> str:
    """Text of a cell. Text that a spreadsheet would run as a formula gets a leading apostrophe; numbers do not."""
    text = "" if value is None else str(value)
    if text.startswith(_FORMULA) and not _is_number(text):
        return "'" + text
    return text


def write(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """RFC 4180 text with a header, every cell quoted."""
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow([cell(name) for name in header])
    writer.writerows([cell(value) for value in row] for row in rows)
    return out.getvalue()


class Line(NamedTuple):
    """A row of a file: its number there (the header is 1, and a quoted cell may fill several), and its cells by column."""

    number: int
    cells: Mapping[str, str]


def read(text: str, columns: Sequence[str], rows_max: int) -> list[Line]:
    """The rows of a file whose header names some of `columns`, in any order and case; empty rows are left out.

    Commas, semicolons or tabs divide cells. The apostrophe that `cell` puts before formulas is taken off.
    Raises ValueError: `no_header`, `unknown_column`, `column_twice`, `not_csv`, `too_many_rows`.
    """
    text = text.removeprefix("\ufeff")
    first = text.partition("\n")[0]
    delimiter = max(_DELIMITERS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        header = _header(next(reader, []), columns)
        lines: list[Line] = []
        begins = reader.line_num + 1
        for row in reader:
            if any(each.strip() for each in row):
                if len(row) > len(header):
                    raise ValueError("not_csv")
                lines.append(Line(begins, dict(zip(header, (_plain(each) for each in row), strict=False))))
            if len(lines) > rows_max:
                raise ValueError("too_many_rows")
            begins = reader.line_num + 1
    except csv.Error as problem:
        raise ValueError("not_csv") from problem
    return lines


def decimal_point(text: str) -> str:
    """A number as a spreadsheet writes it, with a point: `1450,5` is 1450.5. Two marks are left for whoever reads it to refuse."""
    return text if "." in text else text.replace(",", ".")


def _header(row: Sequence[str], columns: Sequence[str]) -> list[str]:
    header = [each.strip().lower() for each in row]
    if not any(header):
        raise ValueError("no_header")
    if not set(header) <= set(columns):
        raise ValueError("unknown_column")
    if len(set(header)) < len(header):
        raise ValueError("column_twice")
    return header


def _plain(text: str) -> str:
    text = text.strip()
    return text[1:] if text[:1] == "'" and text[1:].startswith(_FORMULA) else text


def _is_number(text: str) -> bool:
    return text[:1] in "+-" and text[1:].replace(".", "", 1).isascii() and text[1:].replace(".", "", 1).isdigit()
