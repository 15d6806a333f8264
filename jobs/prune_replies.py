"""Forgets the answers kept under idempotency keys when no client can be asking for them any more.

After that the same key is a new one. A shard may still remember an answer that is gone here: it gives the same one. An owner
that starts anew finds neither and decides, which is what the documented time means. Proofs compare the answers that are there,
so a deep pass holds before and after.
"""

from __future__ import annotations

from typing import Any

from jobs.job import Run
from jobs.sweep import place_in, sweep

TABLES = {
    "stock_replies": ("recorded_at_us < (extract(epoch FROM now() - $3::interval) * 1000000)::bigint", "commands"),
    "request_replies": ("recorded_at < now() - $3::interval", "requests"),
}


async def prune_replies(run: Run) -> None:
    """Delete what is older than the setting says; a day at least, whatever it says."""
    names = list(TABLES)
    place: Any = run.place
    begin = names.index(place[0]) if place else 0
    for table in names[begin:]:
        old, count = TABLES[table]
        await sweep(run, table, old, run.means.replies_kept, count, place_in(place, table))
