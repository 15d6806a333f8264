"""The bench: reserve throughput of the engine beside what one would build instead, in one run on one PostgreSQL.

The *product* is the engine through its whole path: desk, shard, Postgres. Its peers (performance.md, 3.1) are *P1*, a lock
per request, and *P4*, the raw limit: the same ledger rows by `unnest`, a thousand at a time, with nothing else. Each is
measured closed-loop in short turns that alternate there and back (ABBA), so that a machine which gets slower or faster
meanwhile does it to all of them. The *edge* is the same product behind its web (`edge/`). Afterwards every ledger is proven;
a run whose proof fails counts for nothing.
"""
