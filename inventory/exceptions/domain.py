"""Which exceptions a command has raised. Pure."""

from __future__ import annotations

from inventory.exceptions.messages import Exceptional
from inventory.ledger.messages import Kind, Outcome


def raised(outcome: Outcome) -> list[Exceptional]:
    """What a done command left to look into: its corrections, and the cells that now have more promised than is there."""
    oversold = [
        Exceptional(
            "oversold",
            row.seq,
            row.item,
            row.warehouse,
            row.delta_on_hand,
            row.effective_at_us,
            row.recorded_at_us,
            row.principal,
            row.reference,
        )
        for row in outcome.rows
        if row.kind == Kind.CORRECT
    ]
    overpromised = [
        Exceptional("overpromised", level.seq, level.item, level.warehouse, missing)
        for level in outcome.levels
        if (missing := level.reserved + level.blocked - level.on_hand) > 0
    ]
    return oversold + overpromised
