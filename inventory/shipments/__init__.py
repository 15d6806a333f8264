"""Shipments: what a supplier announces of an order before it comes (an ASN).

Nouns: shipment, its lines, carrier, tracking, inbound. Verbs: announce, receive, cancel. What is announced is inbound, which is a
part of what is on order and never added to it. A shipment is received as a whole, once, through the stock engine: its receipt
names it, and that alone is what makes it received. Events: shipment_announced, shipment_cancelled.
"""
