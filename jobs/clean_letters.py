"""Clears away letters that are done, and what their links stood for: sign-ups and resets that nobody came for, old invitations."""

from __future__ import annotations

from datetime import timedelta

from jobs.clean_sign_ins import ENDED, KEPT
from jobs.job import Run
from jobs.sweep import sweep

INVITATIONS_KEPT = timedelta(days=90)
"""An invitation that was accepted, taken back or left to expire stays in the list of invitations so long. That it was made is a fact."""
LETTERS_KEPT = timedelta(days=30)
"""A letter that was sent or given up. What it said went when it was sent; that there was one is asked within the month."""


async def clean_letters(run: Run) -> None:
    """Small tables, from the start each time. Used links of sign-ups and resets went with their use."""
    await sweep(run, "sign_ups", ENDED, KEPT, "links")
    await sweep(run, "resets", ENDED, KEPT, "links")
    await sweep(run, "invitations", "LEAST(accepted_at, revoked_at, expires_at) < now() - $3::interval", INVITATIONS_KEPT, "invitations")
    await sweep(run, "mails", "state <> 'queued' AND created_at < now() - $3::interval", LETTERS_KEPT, "letters")
