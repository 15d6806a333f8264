"""Replenishment: what should be ordered, of whom and how much, from limits and from what is there and coming.

Nouns: suggestion, projected, need, surplus. Verbs: draft (suggestions become drafts of orders, grouped by supplier and warehouse), assign
(a supplier for what has none), send (another warehouse's surplus instead of an order). It writes orders and transfers through their own
verbs, one at a time per company, so that nothing is ordered twice. Fact: suggestions_drafted.
"""
