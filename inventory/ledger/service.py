"""The physical verbs: receive, issue, adjust. Names become ids, the engine decides, ids become names again."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence

from inventory.answer import Asked, Json, Verb, head
from inventory.body import Complaints
from inventory.catalog.directory import Key, Names
from inventory.catalog.domain import checked_text
from inventory.context import Context
from inventory.ledger.bodies import AHEAD_MAX_US, AdjustBody, AdjustLineBody, IssueBody, ReceiveBody
from inventory.ledger.messages import Adjust, AdjustLine, Issue, Line, Outcome, Receive, Scope
from inventory.ledger.render import level_json, named, row_json
from inventory.ledger.resolve import NEW_LOT, Place, base_cost, base_quantity, names_of_lines, places, positive_quantity, with_new_lots
from kit.clock import SECOND, parse_rfc3339

REFERENCE_LENGTH_MAX = 200
REASON_LENGTH_MAX = 500
EARLIEST_US = 946_684_800 * SECOND
"""2000-01-01: an earlier time is a mistyped one."""
_SAID_NOTHING: Json = {"reference": "", "reason": "", "effective_at_us": 0}


def names_of_body(body: ReceiveBody | IssueBody | AdjustBody) -> set[Key]:
    """The names in a body with lines."""
    return names_of_lines(body.lines)


def build_receive(ctx: Context, asked: Asked, body: ReceiveBody, names: Names) -> Receive | Awaitable[Receive]:
    """The command of a `receive` body. Lots that are new come into being."""
    told = header(ctx, body.reference, body.reason, body.effective_at)
    asked_by = head(ctx, asked)
    found = places(body.lines, names, adds=True, new_lots=True)
    complaints = Complaints()
    measured = [
        (positive_quantity(place, line, number, complaints), base_cost(ctx, place.item, line, number, complaints))
        for number, (place, line) in enumerate(zip(found, body.lines, strict=True))
    ]
    complaints.raise_any()

    def received(at: Sequence[Place]) -> Receive:
        lines = tuple(line_of(place, qty, cost) for place, (qty, cost) in zip(at, measured, strict=True))
        return Receive(**asked_by, **told, lines=lines)

    async def received_in_new_lots() -> Receive:
        return received(await with_new_lots(ctx, body.lines, found))

    return received_in_new_lots() if any(place.lot == NEW_LOT for place in found) else received(found)


def build_issue(ctx: Context, asked: Asked, body: IssueBody, names: Names) -> Issue:
    """The command of an `issue` body."""
    told = header(ctx, body.reference, body.reason, body.effective_at)
    found = places(body.lines, names)
    complaints = Complaints()
    if body.late and body.effective_at is None:
        complaints.add("value_missing", "effective_at")
    lines = tuple(
        line_of(place, positive_quantity(place, line, number, complaints))
        for number, (place, line) in enumerate(zip(found, body.lines, strict=True))
    )
    complaints.raise_any()
    return Issue(**head(ctx, asked), **told, lines=lines, late=body.late)


def build_adjust(ctx: Context, asked: Asked, body: AdjustBody, names: Names) -> Adjust:
    """The command of an `adjust` body: a reason is always given."""
    told = header(ctx, body.reference, body.reason, body.effective_at, reason_required=True)
    _check_forms(body.lines)
    found = places(body.lines, names)
    complaints = Complaints()
    lines = tuple(_adjust_line(place, line, number, complaints) for number, (place, line) in enumerate(zip(found, body.lines, strict=True)))
    complaints.raise_any()
    return Adjust(**head(ctx, asked), **told, lines=lines)


def show_movements(outcome: Outcome, names: Names) -> Json:
    """The answer of a physical verb."""
    return {
        "movements": [row_json(named(row, names)) for row in outcome.rows],
        "levels": [level_json(level, names) for level in outcome.levels],
        "seq": outcome.seq,
    }


VERBS = {
    "receive": Verb("stock.receive", ReceiveBody, names_of_body, build_receive, show_movements),
    "adjust": Verb("stock.adjust", AdjustBody, names_of_body, build_adjust, show_movements),
}


def header(
    ctx: Context, reference: str | None, reason: str | None = None, effective_at: str | None = None, reason_required: bool = False
) -> Json:
    """The command fields for what was said about it: reference, reason, and when it happened (0: now)."""
    if not (reference or reason or effective_at or reason_required):
        return _SAID_NOTHING
    complaints = Complaints()
    told = {
        "reference": checked_text(reference or "", "reference", REFERENCE_LENGTH_MAX, complaints, required=False),
        "reason": checked_text(reason or "", "reason", REASON_LENGTH_MAX, complaints, required=reason_required),
        "effective_at_us": _effective_at_us(ctx, effective_at, complaints),
    }
    complaints.raise_any()
    return told


def _effective_at_us(ctx: Context, text: str | None, complaints: Complaints) -> int:
    if text is None:
        return 0
    try:
        at = parse_rfc3339(text)
    except (ValueError, OverflowError):
        complaints.add("not_a_time", "effective_at")
        return 0
    if at > ctx.clock() + AHEAD_MAX_US:
        complaints.add("in_the_future", "effective_at")
    if at < EARLIEST_US:
        complaints.add("out_of_range", "effective_at", min="2000-01-01T00:00:00Z")
    return at


def scope_of(ctx: Context) -> Scope:
    """The warehouses whose documents the actor may touch, as commands carry them: none named is all."""
    return () if ctx.actor.warehouses is None else tuple(sorted(ctx.actor.warehouses))


def line_of(place: Place, qty: int, unit_cost: int | None = None) -> Line:
    """A command's line."""
    return Line(place.item.id, place.warehouse.id, qty, place.location, place.lot, place.owner, place.condition, unit_cost)


def _check_forms(lines: tuple[AdjustLineBody, ...]) -> None:
    """Each line says either the change, or the count and what was expected: never both, never half."""
    complaints = Complaints()
    for number, line in enumerate(lines):
        if line.delta is not None:
            if line.set_to is not None or line.expected is not None:
                complaints.add("delta_or_count", "delta", number)
        elif line.set_to is None:
            complaints.add("value_missing", "delta" if line.expected is None else "set_to", number)
        elif line.expected is None:
            complaints.add("value_missing", "expected", number)
    complaints.raise_any()


def _adjust_line(place: Place, line: AdjustLineBody, number: int, complaints: Complaints) -> AdjustLine:
    def measured(field: str) -> int | None:
        value = getattr(line, field)
        return None if value is None else base_quantity(place.item, value, line.unit, field, number, complaints)

    before = len(complaints)
    delta, set_to, expected = measured("delta"), measured("set_to"), measured("expected")
    if len(complaints) == before:
        if delta == 0:
            complaints.add("quantity_is_zero", "delta", number)
        for field, value in (("set_to", set_to), ("expected", expected)):
            if value is not None and value < 0:
                complaints.add("out_of_range", field, number, min="0")
    return AdjustLine(place.item.id, place.warehouse.id, delta, set_to, expected, place.location, place.lot, place.owner, place.condition)
