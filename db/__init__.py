"""Access to Postgres and Redis: engines, the metadata every table joins, tenancy, and the broker.

Knows no business. A transaction of the business is opened in `events/unit_of_work.py` or `actors/commit.py`, never elsewhere.
"""
