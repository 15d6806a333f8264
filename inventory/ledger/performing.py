"""From what was asked to an answer: many commands at once, in steps. Each step is taken for all of them before the next, so that names
are looked up together, the engine is asked once, and whoever waits waits once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any

from inventory.answer import Answer, Asked, Verb
from inventory.body import fit
from inventory.catalog.directory import Key, Names, directory_of
from inventory.context import Context, Unavailable
from inventory.ledger.messages import Command, Outcome
from inventory.ledger.render import error_json, keys_of_errors, keys_of_outcome
from inventory.ledger.resolve import look_up
from kit.errors import Refusal, Refused

Became = Answer | Exception
"""What became of a command: its answer, or why it has none. `Refused`: it never reached the engine, so its key stays free.
`Unavailable`: the engine cannot answer. Anything else is a fault of ours."""


class _Attempt:
    """One command on its way."""

    __slots__ = ("asked", "became", "body", "command", "outcome", "verb")

    def __init__(self, verb: Verb, asked: Asked) -> None:
        self.verb = verb
        self.asked = asked
        self.became: Became | None = None
        self.body: Any = None
        self.command: Command | Awaitable[Command] | None = None
        self.outcome: Outcome | None = None


async def perform(ctx: Context, verb: Verb, asked: Asked) -> Answer:
    """Ask for one command and wait until its outcome is durable. Raises what `perform_each` would have said instead of an answer."""
    (became,) = await perform_each(ctx, [(verb, asked)])
    if isinstance(became, Exception):
        raise became
    return became


async def perform_each(ctx: Context, asked: Sequence[tuple[Verb, Asked]]) -> list[Became]:
    """Ask for commands and wait until their outcomes are durable. Each stands alone; what became of them stands in the order asked."""
    attempts = [_Attempt(verb, each) for verb, each in asked]
    await _prepare(ctx, attempts)
    await _submit(ctx, attempts)
    await _show(ctx, attempts)
    return [attempt.became for attempt in attempts if attempt.became is not None]


async def _prepare(ctx: Context, attempts: Sequence[_Attempt]) -> None:
    """Bodies become commands."""
    refused = {verb: _permitted(ctx, verb) for verb in {attempt.verb.permission for attempt in attempts}}
    for attempt in attempts:
        attempt.became = refused[attempt.verb.permission] or _done(_fit, attempt)
    keys = {key for attempt in _under_way(attempts) for key in attempt.verb.names(attempt.body)}
    names = await look_up(ctx, keys)
    for attempt in _under_way(attempts):
        attempt.became = _done(_build, attempt, ctx, names)
    if waiting := [attempt for attempt in _under_way(attempts) if not isinstance(attempt.command, Command)]:
        await asyncio.gather(*map(_built, waiting))


async def _submit(ctx: Context, attempts: Sequence[_Attempt]) -> None:
    commands = {attempt: attempt.command for attempt in _under_way(attempts) if isinstance(attempt.command, Command)}
    if not commands:
        return
    outcomes = await ctx.stock.submit_each(ctx.tenant.id, list(commands.values()))
    for attempt, outcome in zip(commands, outcomes, strict=True):
        if isinstance(outcome, Unavailable):
            attempt.became = outcome
        else:
            attempt.outcome = outcome


async def _show(ctx: Context, attempts: Sequence[_Attempt]) -> None:
    """Outcomes become answers."""
    decided = [(attempt, attempt.outcome) for attempt in attempts if attempt.outcome is not None]
    keys = {key for _, outcome in decided for key in _keys_of(outcome)}
    names = await directory_of(ctx.engine).look(ctx.tenant.id, keys)
    for attempt, outcome in decided:
        attempt.became = _done(_answer, attempt, outcome, names)


def _under_way(attempts: Sequence[_Attempt]) -> list[_Attempt]:
    return [attempt for attempt in attempts if attempt.became is None]


def _permitted(ctx: Context, permission: str) -> Refused | None:
    try:
        ctx.permit(permission)
    except Refused as refused:
        return refused
    return None


def _done(step: Callable[..., Became | None], *given: Any) -> Became | None:
    """What a step makes of a command, also where it fails: the neighbours go on."""
    try:
        return step(*given)
    except Exception as problem:
        return problem


def _fit(attempt: _Attempt) -> None:
    attempt.body = fit(attempt.asked.body, attempt.verb.shape)


def _build(attempt: _Attempt, ctx: Context, names: Names) -> None:
    attempt.command = attempt.verb.build(ctx, attempt.asked, attempt.body, names)


async def _built(attempt: _Attempt) -> None:
    """The command of a builder that has something to ask or to write first."""
    assert isinstance(attempt.command, Awaitable)
    try:
        attempt.command = await attempt.command
    except Exception as problem:
        attempt.became = problem


def _keys_of(outcome: Outcome) -> Iterable[Key]:
    return keys_of_errors(outcome.errors) if outcome.code else keys_of_outcome(outcome)


def _answer(attempt: _Attempt, outcome: Outcome, names: Names) -> Became:
    verb = attempt.verb
    if not outcome.code:
        return Answer(verb.status, verb.show(outcome, names), outcome.replayed)
    refusal = Refusal(outcome.code, tuple(error_json(fact, names) for fact in outcome.errors))
    if outcome.code in ("idempotency_key_reused", "internal_error"):
        return Refused(refusal)
    return Answer(0, {}, outcome.replayed, refusal)
