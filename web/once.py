"""A form has one effect however often it is sent: what it led to is kept under its key, in the transaction of the change."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

from quart import Response, request

from events.replies import Key
from events.replies import once as once_per_key
from events.unit_of_work import UnitOfWork
from kit.errors import Refusal, unless
from kit.ids import digest16
from web import errors, respond
from web.access import ctx
from web.forms import Form

Change = Callable[[UnitOfWork], Awaitable[tuple[str, str]]]
"""Does the work in the open transaction, and returns where to go and what to say there."""


async def once(form: Form, change: Change) -> Response:
    """Do the change, or go where it led when the form came before. Raises its refusal."""
    return await respond.done(*await led_to(form, change))


async def led_to(form: Form, change: Change) -> tuple[str, str]:
    """Do the change, or say what it led to when the form came before. Raises its refusal."""

    async def act(work: UnitOfWork) -> tuple[int, Any]:
        return 303, await change(work)

    who, typed = str(ctx().actor.principal_id).encode(), json.dumps(form.values, sort_keys=True).encode()
    key = Key(digest16(b"form", who, form.key.encode()), digest16(request.path.encode(), typed))
    reply = await once_per_key(ctx().writing(), key, act, _is_outcome)
    unless(reply.refusal)
    url, sentence = json.loads(reply.body)
    return str(url), str(sentence)


def _is_outcome(refusal: Refusal) -> bool:
    return errors.status_of(refusal.code) in (409, 410)
