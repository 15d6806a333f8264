"""What a company may use: plans and their limits.

Nouns: plan, entitlement. A plan limits what is added (warehouses, people, keys), never what happened: a sale, a receipt
or a count is a physical fact and is always written down.
"""
