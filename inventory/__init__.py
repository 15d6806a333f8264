"""The business, one folder per capability, in one ordered line: catalog, locations, lots, ledger, reservations.

A capability imports only from those to its left. Everything here sees the engine as `ctx.stock` and nothing else of it.
"""
