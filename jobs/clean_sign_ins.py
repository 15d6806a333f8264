"""Clears away what can no longer open anything: ended sessions, tickets past their half minute, keys revoked or expired long ago, tokens of
other issuers that have ended, and ways to an identity provider that nobody came back from."""

from __future__ import annotations

from datetime import timedelta

from jobs.job import Run
from jobs.sweep import sweep
from tenants.settings import SESSION_IDLE_MAX

KEPT = timedelta(days=1)
"""What has ended stays so long: whoever asks why they were signed out asks on the same day."""
KEYS_KEPT = timedelta(days=90)
"""A key that was revoked or has expired stays in the list of keys so long. Who it was stays in the ledger for ever."""
ENDED = "expires_at < now() - $3::interval"


async def clean_sign_ins(run: Run) -> None:
    """Small tables, from the start each time. Of sessions those that no company's settings keep open any longer."""
    unused = SESSION_IDLE_MAX.total_seconds()
    ended = f"LEAST(expires_at, seen_at + interval '{unused} seconds') < now() - $3::interval"
    await sweep(run, "sessions", ended, KEPT, "sessions")
    await sweep(run, "live_tickets", ENDED, KEPT, "tickets")
    await sweep(run, "api_keys", "LEAST(revoked_at, expires_at) < now() - $3::interval", KEYS_KEPT, "keys")
    await sweep(run, "machine_tokens", ENDED, KEPT, "tokens")
    # A denied token has ended by then, so without its row it opens nothing either.
    await sweep(run, "denied_tokens", ENDED, KEPT, "tokens")
    await sweep(run, "sign_in_attempts", ENDED, KEPT, "attempts")
