"""The ledger: what moved, and what is there because of it.

Nouns: cell (one item in one warehouse), bucket (its stock at one location, lot, owner, condition), movement, level.
Verbs: receive, issue, adjust. Every change is a row; rows are never changed; levels are their sums.
"""
