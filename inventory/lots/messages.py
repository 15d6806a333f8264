"""The names of the facts recorded about lots."""

from __future__ import annotations

LOT_CREATED = "lot_created"
