"""The front door of stock: every verb by its name, one at a time or many at once. Pages, REST, sockets and imports use it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import structlog

from inventory.answer import Answer, Asked
from inventory.body import fit
from inventory.context import Context, Unavailable
from inventory.exceptions import service as exceptions
from inventory.ledger import performing, reconcile
from inventory.ledger import service as ledger
from inventory.ledger.performing import Became
from inventory.reservations import service as reservations
from inventory.transfers import service as transfers
from kit.errors import Refusal, Refused, refuse

COMMANDS_MAX = 500
"""Commands of one bulk: the desk carries as many in one message (engine.md, step 2)."""

VERBS = ledger.VERBS | exceptions.VERBS | reservations.VERBS | transfers.VERBS

_log = structlog.get_logger("inventory")


async def perform(ctx: Context, verb: str, key: str, body: Mapping[str, Any]) -> Answer:
    """Ask for one command and wait until its outcome is durable.

    Raises `Refused` for what never reached the engine, so that its key stays free: not allowed, does not fit, not there,
    key used for something else. Raises `Unavailable` when the engine cannot answer; the same key may be sent again.
    """
    (became,) = await _became(ctx, [Asked(verb, key, body)])
    if isinstance(became, Exception):
        raise became
    return became


async def perform_each(ctx: Context, asked: Sequence[Asked]) -> list[Answer]:
    """Many commands at once, each on its own: one refusal does not stop the others. Answers stand in the order asked."""
    return [_told(each, became) for each, became in zip(asked, await _became(ctx, asked), strict=True)]


def asked_in_bulk(commands: Sequence[Any]) -> list[Asked]:
    """The commands of a bulk body: `verb` and `key`, everything else is the body of the verb."""
    return [_asked(number, command) for number, command in enumerate(commands)]


def _asked(number: int, command: Any) -> Asked:
    if not isinstance(command, dict):
        raise refuse("invalid_body", {"field": f"commands[{number}]", "code": "wrong_type"})
    words = {}
    for field in ("verb", "key"):
        if field not in command:
            raise refuse("invalid_body", {"field": f"commands[{number}].{field}", "code": "value_missing"})
        words[field] = fit(command[field], str)
    body = {name: value for name, value in command.items() if name not in words}
    return Asked(words["verb"], words["key"], body)


async def _became(ctx: Context, asked: Sequence[Asked]) -> list[Became]:
    known = [(verb, each) for each in asked if (verb := VERBS.get(each.verb)) is not None]
    if len(known) == len(asked):
        return await performing.perform_each(ctx, known)
    others = [each for each in asked if each.verb not in VERBS]
    performed = iter(await performing.perform_each(ctx, known)) if known else iter(())
    reconciled = iter(await asyncio.gather(*[_other(ctx, each) for each in others]))
    return [next(performed) if each.verb in VERBS else next(reconciled) for each in asked]


async def _other(ctx: Context, asked: Asked) -> Became:
    """Not a command of the engine: the verb that compares it with the ledger, or none that there is."""
    if asked.verb != reconcile.VERB:
        return refuse("unknown_verb", {"field": "verb", "verb": asked.verb[:32]})
    try:
        return await reconcile.perform(ctx, asked)
    except Exception as problem:
        return problem


def _told(asked: Asked, became: Became) -> Answer:
    """An answer, whatever it became."""
    if isinstance(became, Answer):
        return became
    if isinstance(became, (Refused, Unavailable)):
        return Answer(0, {}, refusal=became.refusal)
    # Ours, not the caller's: the neighbours must still get their answers.
    _log.error("command failed", verb=asked.verb, exc_info=became)
    return Answer(0, {}, refusal=Refusal("internal_error"))
