"""Purchasing: what is ordered from suppliers, and what comes of it.

Nouns: purchase order, its lines, receipt, taking back, on order. Verbs: draft, submit, approve, reject, receive, undo, return,
close short, cancel, send. An order is a document nobody contends for until goods arrive; a receipt moves stock, so it is decided by
the stock engine and written with its movements: both, or neither. Events: order_drafted, order_changed, order_submitted,
order_approved, order_rejected, order_closed, order_cancelled, order_sent, order_noted, order_file_added, order_file_removed.
"""
