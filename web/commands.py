"""Stock commands as every way in asks for them: in the turn of their company, one at a time or many at once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from inventory import stock
from inventory.answer import Answer, Asked, Verb
from inventory.body import fit
from inventory.context import Context
from inventory.ledger import performing
from kit.errors import refuse
from web import access
from web.results import result
from web.turnstile import SINGLE, Turnstile
from web.wiring import parts


class BulkBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Commands that stand alone: each has its `verb`, its `key`, and the fields of its body beside them."""

    commands: list[dict[str, Any]]


async def perform(turnstile: Turnstile, ctx: Context, verb: str, key: str, body: Any) -> Answer:
    """One command; see `inventory.stock.perform`."""
    async with turnstile.turn(ctx.tenant.id, SINGLE):
        return await stock.perform(ctx, verb, key, body)


async def perform_here(verb: str, key: str, body: Any) -> Answer:
    """One command of the request that Quart is serving."""
    return await perform(parts().turnstile, access.ctx(), verb, key, body)


async def perform_verb(verb: Verb, asked: Asked) -> Answer:
    """One command of a verb that is not among those anybody may ask for by name, such as receiving an order."""
    context = access.ctx()
    async with parts().turnstile.turn(context.tenant.id, SINGLE):
        return await performing.perform(context, verb, asked)


async def perform_bulk(turnstile: Turnstile, ctx: Context, body: Any) -> dict[str, Any]:
    """The commands of a bulk body, each on its own, and the answer to all of them."""
    commands = fit(body, BulkBody).commands
    if not 1 <= len(commands) <= stock.COMMANDS_MAX:
        raise refuse("too_many_commands" if commands else "invalid_body", {"field": "commands"}, max=stock.COMMANDS_MAX)
    asked = stock.asked_in_bulk(commands)
    answers = await perform_each(turnstile, ctx, asked)
    return {"results": [result(each, answer) for each, answer in zip(asked, answers, strict=True)]}


async def perform_each(turnstile: Turnstile, ctx: Context, asked: Sequence[Asked]) -> list[Answer]:
    """Many commands, in as few turns as the others leave room for; their answers in the order asked."""
    size = turnstile.part
    if len(asked) <= size:
        return await _perform_part(turnstile, ctx, asked)
    parts = [asked[start : start + size] for start in range(0, len(asked), size)]
    answers = await asyncio.gather(*[_perform_part(turnstile, ctx, part) for part in parts])
    return [answer for part in answers for answer in part]


async def _perform_part(turnstile: Turnstile, ctx: Context, asked: Sequence[Asked]) -> list[Answer]:
    async with turnstile.turn(ctx.tenant.id, len(asked)):
        return await stock.perform_each(ctx, asked)
