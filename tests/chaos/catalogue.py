"""All cases, in the order of the catalogue."""

from __future__ import annotations

from tests.chaos import feeds, leaving, messages, ownership, postgres, record
from tests.chaos.case import CASES

GROUPS = (ownership, messages, postgres, record, feeds, leaving)
"""The files that enter their cases when they are imported."""
CASES.sort(key=lambda case: (case.number[0], int(case.number[1:].rstrip("abc")), case.number))

__all__ = ["CASES"]
