"""Reservations: stock promised to somebody, for a while (soft) or until further notice (hard).

Nouns: reservation, its lines, hold. Verbs: reserve, commit (the stock leaves), release, extend, harden; holds expire.
"""
