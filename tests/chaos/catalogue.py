"""All cases, in the order of the catalogue."""

from __future__ import annotations

from tests.chaos import messages, ownership
from tests.chaos.case import CASES

__all__ = ["CASES", "messages", "ownership"]
