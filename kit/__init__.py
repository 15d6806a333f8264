"""Pure helpers that every other package may use: errors, ids, clock, quantity, money, paging, CSV and text.

Imports nothing of ours and no third-party library, so a rule built on it runs anywhere and tests without set-up.
"""
