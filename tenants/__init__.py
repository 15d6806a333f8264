"""Tenants and people: who is asking, and what they may do.

Nouns: tenant (a company), principal (whoever acts: a person, a key, the system), user, role, permission, session, API key,
ticket. A person belongs to one tenant; the same e-mail in two tenants is two users.
"""
