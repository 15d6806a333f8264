"""Plans, and whether one more of something still fits."""

from __future__ import annotations

from kit.errors import Refusal

PLANS: dict[str, dict[str, int | None]] = {
    "starter": {"warehouses": 2, "users": 5, "keys": 3, "holds": 10_000},
    "growth": {"warehouses": 20, "users": 50, "keys": 30, "holds": 10_000},
    "scale": {"warehouses": None, "users": None, "keys": None, "holds": None},
}
"""How many of each a plan includes; None is without limit. Holds are the open reservations of one person or key: a till that
sells has a few, a program that only ever reserves must not lock up a company's stock."""


def included(plan: str, what: str) -> int | None:
    """How many of `what` the plan includes, None without limit. A plan we do not know any more counts as the smallest."""
    return PLANS.get(plan, PLANS["starter"])[what]


def may_add(plan: str, what: str, current: int) -> Refusal | None:
    """A refusal if the plan does not include one more of `what` beside the `current` ones: what is there stays."""
    limit = included(plan, what)
    if limit is None or current < limit:
        return None
    return Refusal("plan_limit_reached", facts={"plan": plan, "what": what, "limit": limit, "current": current})
