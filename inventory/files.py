"""Files that people send: a CSV file becomes lines, or one refusal that says why it cannot be read."""

from __future__ import annotations

from collections.abc import Sequence

from kit import csvs
from kit.csvs import Line
from kit.errors import refuse

ROWS_MAX = 2_000
"""Rows of a file. All of them are one transaction of a few seconds, in which nobody else changes what they are about."""
SIZE_MAX = 400_000
"""Bytes of a file: below the 500,000 that a form may carry back after the file was looked at."""
COMPLAINTS_MAX = 100
"""After so many a file is not read on: whoever mends it sends it again anyway."""


def lines_of(text: str, columns: Sequence[str], required: Sequence[str]) -> list[Line]:
    """The rows of a file whose header names some of `columns`, and all that are required.

    Refuses `file_too_large`, `no_rows`, `column_missing` and whatever `kit.csvs.read` says no to.
    """
    if len(text.encode(errors="replace")) > SIZE_MAX:
        raise refuse("file_too_large", {"field": "csv", "max": SIZE_MAX})
    try:
        lines = csvs.read(text, columns, ROWS_MAX)
    except ValueError as problem:
        raise refuse(str(problem), {"field": "csv", "columns": ", ".join(columns), "max": ROWS_MAX}) from None
    missing = [column for column in required if lines and column not in lines[0].cells]
    if missing or not lines:
        raise refuse("column_missing" if missing else "no_rows", {"field": "csv", "column": ", ".join(missing)})
    return lines
