"""The promising verbs: reserve, commit, release, extend, harden."""

from __future__ import annotations

from billing.entitlements import included
from inventory.answer import Asked, Json, Verb, head
from inventory.body import Complaints
from inventory.catalog.directory import Key, Names
from inventory.context import Context
from inventory.ledger.bodies import LineBody
from inventory.ledger.messages import Commit, Extend, Harden, Outcome, PartLine, Release, Reserve, ReserveSplit
from inventory.ledger.render import level_json
from inventory.ledger.resolve import names_of_lines, places, positive_quantity
from inventory.ledger.service import header, line_of, scope_of
from inventory.reservations.messages import ExtendBody, HardenBody, PartBody, ReserveBody
from inventory.reservations.render import backorder_json, reservation_json
from inventory.reservations.resolve import choices_of, names_of_reserve, split_line
from kit.clock import SECOND
from kit.errors import refuse
from kit.ids import parse_reservation_id


def names_of_part(body: PartBody | ExtendBody | HardenBody) -> set[Key]:
    """The names in the body of a verb on a reservation that is there."""
    lines = body.lines if isinstance(body, PartBody) else None
    return names_of_lines(lines or ())


def build_reserve(ctx: Context, asked: Asked, body: ReserveBody, names: Names) -> Reserve | ReserveSplit:
    """The command of a `reserve` body: the plain one, unless something is left to be chosen."""
    told = header(ctx, body.reference, effective_at=body.effective_at)
    hard = body.hold == "hard"
    if hard and body.expires_in is not None:
        raise refuse("invalid_body", {"field": "expires_in", "code": "soft_only"})
    choices = choices_of(body.lines, names)
    expires_in_us = _term(ctx, body.expires_in)
    promise: Json = {"hard": hard, "expires_in_us": expires_in_us, "holds_max": included(ctx.tenant.plan, "holds") or 0}
    if body.partial or any(line.warehouses for line in body.lines):
        lines = tuple(split_line(choice) for choice in choices)
        return ReserveSplit(**head(ctx, asked), **told, lines=lines, **promise, partial=body.partial)
    return Reserve(**head(ctx, asked), **told, lines=tuple([line_of(choice.places[0], choice.qty) for choice in choices]), **promise)


def build_commit(ctx: Context, asked: Asked, body: PartBody, names: Names) -> Commit:
    """The command of a `commit` body."""
    told = header(ctx, None, effective_at=body.effective_at)
    lines = _parts(body.lines, names)
    return Commit(**head(ctx, asked), **told, reservation=_reservation(body.reservation), lines=lines, scope=scope_of(ctx))


def build_release(ctx: Context, asked: Asked, body: PartBody, names: Names) -> Release:
    """The command of a `release` body."""
    told = header(ctx, None, effective_at=body.effective_at)
    lines = _parts(body.lines, names)
    return Release(**head(ctx, asked), **told, reservation=_reservation(body.reservation), lines=lines, scope=scope_of(ctx))


def build_extend(ctx: Context, asked: Asked, body: ExtendBody, names: Names) -> Extend:
    """The command of an `extend` body."""
    return Extend(
        **head(ctx, asked), reservation=_reservation(body.reservation), expires_in_us=_term(ctx, body.expires_in), scope=scope_of(ctx)
    )


def build_harden(ctx: Context, asked: Asked, body: HardenBody, names: Names) -> Harden:
    """The command of a `harden` body."""
    return Harden(**head(ctx, asked), reservation=_reservation(body.reservation), scope=scope_of(ctx))


def show_reservation(outcome: Outcome, names: Names) -> Json:
    """The answer of a promising verb."""
    hold = outcome.hold
    assert hold is not None, "a promising verb that was done has a reservation"
    shown: Json = {
        # As it was when it was done: the same answer whenever the key comes back.
        "reservation": reservation_json(hold, names, now_us=0),
        "levels": [level_json(level, names) for level in outcome.levels],
        "seq": outcome.seq,
    }
    missing = outcome.backordered
    return shown if missing is None else {**shown, "backordered": [backorder_json(each, names) for each in missing]}


VERBS = {
    "reserve": Verb("stock.reserve", ReserveBody, names_of_reserve, build_reserve, show_reservation, 201),
    "commit": Verb("stock.commit", PartBody, names_of_part, build_commit, show_reservation),
    "release": Verb("stock.release", PartBody, names_of_part, build_release, show_reservation),
    "extend": Verb("stock.extend", ExtendBody, names_of_part, build_extend, show_reservation),
    "harden": Verb("stock.harden", HardenBody, names_of_part, build_harden, show_reservation),
}


def _term(ctx: Context, expires_in: int | None) -> int:
    """How long a soft hold lasts, in microseconds: as asked for, else as the company has chosen, and never longer than it allows."""
    chosen = ctx.tenant.settings
    seconds = chosen.hold_default_s if expires_in is None else expires_in
    if seconds > chosen.hold_max_s:
        raise refuse("invalid_body", {"field": "expires_in", "code": "hold_too_long", "max": chosen.hold_max_s})
    return seconds * SECOND


def _reservation(text: str) -> int:
    """The number of a reservation; another tenant's or a mistyped one is as if it did not exist."""
    found = parse_reservation_id(text)
    if found is None or found[1] != 0 or found[0] >= 2**63:
        raise refuse("reservation_not_found", {"field": "reservation", "reservation": text[:64]})
    return found[0]


def _parts(lines: tuple[LineBody, ...] | None, names: Names) -> tuple[PartLine, ...] | None:
    if lines is None:
        return None
    found = places(lines, names)
    complaints = Complaints()
    parts = tuple(
        PartLine(place.item.id, place.warehouse.id, positive_quantity(place, line, number, complaints), place.location, place.lot)
        for number, (place, line) in enumerate(zip(found, lines, strict=True))
    )
    complaints.raise_any()
    return parts
