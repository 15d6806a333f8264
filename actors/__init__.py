"""The stock engine: the life of a command.

1. A verb builds a command with its key and awaits `ctx.stock.submit`. That is the desk (`desk.py`), one in each process.
2. The desk gathers what all requests of its process ask for and sends it to the shard as one message of bytes, whenever
   fewer than two messages with that partition are under way. No timer: waiting for the last answer is the gathering.
3. The shard (`local.py` in this process, `cluster.py` in a Ray actor) hands each partition its commands: the mailbox.
4. The partition's cycle (`cycle.py`, read it first) drains the mailbox, loads what is not in memory (`loader.py`), and lets
   the pure core (`cell.py`) decide each command in order, in microseconds, against memory. Repeated keys get the answer
   they got before (`replies.py`).
5. One transaction (`commit.py`) proves ownership and writes ledger rows, balances, holds and replies. The next batch is
   decided while this one commits, and thrown away and decided again if this one fails.
6. Only when it has committed do the answers go back, and a hint says that the ledger has grown.

Whoever owns a partition holds an epoch (`lease.py`) that every batch proves in the database. An owner that has been
outranked finds that out from the database, answers nothing, and ends. Safety is in Postgres, speed is in memory.
"""
