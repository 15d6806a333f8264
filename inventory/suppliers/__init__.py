"""Suppliers: whom we buy from, and their offers: under which code, in which packs, from how many on, for how much, how soon.
Archived, never deleted; an offer can be taken away. Facts: `supplier_created`, `supplier_item_set` and their like."""
