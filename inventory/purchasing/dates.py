"""Days as they are written in bodies."""

from __future__ import annotations

from datetime import date

from inventory.body import Complaints


def day(text: str | None, field: str, complaints: Complaints, line: int | None = None) -> date | None:
    """The day of `2026-11-30`; a complaint if it is none."""
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        complaints.add("not_a_date", field, line)
        return None
