"""Clears away what can no longer open anything: ended sessions, tickets past their half minute, keys revoked or expired long ago."""

from __future__ import annotations

from datetime import timedelta

from jobs.job import Run
from jobs.sweep import sweep
from tenants.settings import SESSION_IDLE_MAX

KEPT = timedelta(days=1)
"""A session and a ticket that have ended stay so long: whoever asks why they were signed out asks on the same day."""
KEYS_KEPT = timedelta(days=90)
"""A key that was revoked or has expired stays in the list of keys so long. Who it was stays in the ledger for ever."""


async def clean_sign_ins(run: Run) -> None:
    """Three small tables, from the start each time. Of sessions those that no company's settings keep open any longer."""
    unused = SESSION_IDLE_MAX.total_seconds()
    ended = f"LEAST(expires_at, seen_at + interval '{unused} seconds') < now() - $3::interval"
    await sweep(run, "sessions", ended, KEPT, "sessions")
    await sweep(run, "live_tickets", "expires_at < now() - $3::interval", KEPT, "tickets")
    await sweep(run, "api_keys", "LEAST(revoked_at, expires_at) < now() - $3::interval", KEYS_KEPT, "keys")
