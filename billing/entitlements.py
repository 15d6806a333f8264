"""Plans, and whether one more of something still fits."""

from __future__ import annotations

from kit.errors import Refusal

PLANS: dict[str, dict[str, int | None]] = {
    "starter": {"warehouses": 2, "users": 5, "keys": 3},
    "growth": {"warehouses": 20, "users": 50, "keys": 30},
    "scale": {"warehouses": None, "users": None, "keys": None},
}
"""How many of each a plan includes; None is without limit."""


def may_add(plan: str, what: str, current: int) -> Refusal | None:
    """A refusal if the plan does not include one more of `what` beside the `current` ones.

    A plan we do not know any more counts as the smallest: what is there stays, nothing is added beyond that.
    """
    limit = PLANS.get(plan, PLANS["starter"])[what]
    if limit is None or current < limit:
        return None
    return Refusal("plan_limit_reached", facts={"plan": plan, "what": what, "limit": limit, "current": current})
