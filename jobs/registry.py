"""Every job there is, one line each. The schedule is a row in the database from the first start on, and may be changed there."""

from __future__ import annotations

from datetime import time, timedelta

from jobs.clean_letters import clean_letters
from jobs.clean_sign_ins import clean_sign_ins
from jobs.expire_holds import expire_holds
from jobs.job import Job
from jobs.prune_replies import prune_replies
from jobs.prune_runs import prune_runs
from jobs.schedule import Daily, Every
from jobs.suggest_orders import suggest_orders
from jobs.verify_deep import verify_deep

_MINUTE, _HOUR = timedelta(minutes=1), timedelta(hours=1)

JOBS = (
    Job("expire_holds", Every(5 * _MINUTE), _MINUTE, expire_holds),
    Job("clean_sign_ins", Every(_HOUR), _MINUTE, clean_sign_ins),
    Job("clean_letters", Every(_HOUR), _MINUTE, clean_letters),
    Job("verify_deep", Daily(time(20, 0)), 6 * _HOUR, verify_deep, needs_anchors=True),
    Job("suggest_orders", Daily(time(21, 0)), _MINUTE, suggest_orders),
    Job("prune_replies", Daily(time(22, 0)), _HOUR, prune_replies),
    Job("prune_runs", Daily(time(22, 30)), _HOUR, prune_runs),
)
"""Times of day are UTC: the small hours of Bishkek."""
