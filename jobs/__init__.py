"""Work without a person waiting: the watch, which proves ledgers as they grow and anchors their heads outside the database.

`passes.py` reads a partition in one snapshot and lets the pure `inventory.ledger.proof` judge it; `verdict.py` says what came of
it and, when an invariant is broken, halts the partition; `anchors.py` keeps signed heads in a file; `watch.py` does all of
it again and again, within a share of one core.
"""
