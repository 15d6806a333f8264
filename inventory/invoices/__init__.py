"""Invoices: what suppliers ask to be paid, held against what was ordered and what came.

Nouns: invoice, its lines, exception. Verbs: enter, approve an exception. Each line is matched three ways, by quantity and by amount
apart. Whether a line matches is worked out when it is looked at, so goods that come later settle what was an exception; what a
person has approved stays approved. Events: invoice_entered, invoice_exception_approved.
"""
