"""Work without a person waiting: the watch, which proves ledgers as they grow and anchors their heads outside the database, and jobs,
which are due again and again.

`passes.py` reads a partition in one snapshot and lets the pure `inventory.ledger.proof` judge it; `verdict.py` says what came of
it and, when an invariant is broken, halts the partition; `anchors.py` keeps signed heads in a file; `watch.py` does all of
it again and again, within a share of one core.

`registry.py` lists the jobs; each is a function in a module of its name, given a `Run` (`job.py`). `schedule.py` says when, `runner.py`
takes what is due and does it, `store.py` writes down what came of it. Pages read that from `events/jobs.py`.
"""
