"""Requisitions: what people who work with stock ask to be bought.

Nouns: requisition, its lines. Verbs: draft, ask, approve, reject, order. Whoever may promise stock asks; whoever approves orders
decides; then its lines become those of a draft order, by the supplier of each item, or join a draft that is open. Events:
requisition_drafted, requisition_asked, requisition_approved, requisition_rejected, requisition_ordered.
"""
