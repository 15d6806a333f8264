"""Transfers: stock under way from one of our warehouses to another.

Nouns: transfer, its lines, in transit. Verbs: ship (the stock leaves), arrive, write off (it was lost on the way).
"""
