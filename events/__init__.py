"""The log of facts and the feed read from it.

Documents and things record facts here (`GoodsReceived`, `ItemChanged`) in the transaction that changes them. Stock has a
log of its own, the ledger; the feed reads it by sequence, and Redis only says that there is something to read.
"""
