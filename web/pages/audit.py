"""The audit page: every privileged act with who, as what, from where, before and after."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from quart import Blueprint, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from kit.clock import rfc3339, to_us
from kit.errors import refuse
from kit.paging import Page
from tenants import audit
from tenants.audit import AuditFilter, AuditRow
from web import asking, locale, respond
from web.access import allow, ctx
from web.deeds import FACTS, fact

pages = Blueprint("audit", __name__, url_prefix="/t/<tenant>/audit")

_HEADER = ("Number", "When", "What", "Fact", "Subject", "About", "Who", "Kind", "Role", "Address", "Before", "After", "Facts", "Hash")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_ID = re.compile(r"\d{1,9}", re.ASCII)


@pages.get("")
@allow("audit.read")
async def show_list(tenant: str) -> Response:
    """Newest first; every choice is in the address."""
    asked, context = _asked(), ctx()
    async with context.reading() as connection:
        if asking.wants_csv():
            return respond.csv(f"audit-{tenant}", _HEADER, [_csv_row(row) for row in await _many(connection, asked)])
        with asking.address_read():
            found = await audit.rows(connection, context.tenant.id, asked)
        if respond.is_fragment():
            return await respond.fragment("audit/_rows.html", rows=found, asked=asked)
        hands = await audit.hands(connection, context.tenant.id)
        proof = await audit.proof(connection, context.tenant.id)
    names = sorted(((name, fact(name)) for name in FACTS), key=lambda pair: pair[1])
    days = {name: _day(name) for name in ("from", "to")}
    return await respond.page("audit/list.html", rows=found, asked=asked, hands=hands, names=names, days=days, proof=proof)


@pages.get("/<int:seq>")
@allow("audit.read")
async def show(tenant: str, seq: int) -> Response:
    """One fact, with everything that is kept of it."""
    context = ctx()
    async with context.reading() as connection:
        row = await audit.one(connection, context.tenant.id, seq)
        proof = await audit.proof(connection, context.tenant.id)
    if row is None:
        raise refuse("not_found")
    return await respond.page("audit/show.html", row=row, proof=proof, changes=changes(row), more=more(row))


def changes(row: AuditRow) -> list[tuple[str, str, str]]:
    """Field, before and after: of one value without a name of its own, or of several."""
    before, after = row.before, row.after
    if isinstance(before, dict) and isinstance(after, dict):
        return [(name, told(before.get(name)), told(after.get(name))) for name in sorted(before.keys() | after.keys())]
    return [("", told(before), told(after))] if "before" in row.body or "after" in row.body else []


def more(row: AuditRow) -> list[tuple[str, str]]:
    """What else a fact tells."""
    return [(name, told(value)) for name, value in row.body.items() if name not in ("before", "after")] + sorted(row.words.items())


def told(value: Any) -> str:
    """A value of a fact as text: words as they are, all else as JSON. Nothing is an empty text."""
    return "" if value is None else value if isinstance(value, str) else orjson.dumps(value).decode()


def _asked() -> AuditFilter:
    who, since, until = asking.arg("who"), _day("from"), _day("to")
    return AuditFilter(
        name=asking.one_of("what", tuple(FACTS), "") or None,
        who=int(who) if _ID.fullmatch(who) else None,
        subject=asking.arg_or_none("subject"),
        address=asking.arg_or_none("address"),
        since=_begin(since) if since else None,
        until=_begin(until + timedelta(days=1)) if until else None,
        limit=asking.PAGE_ROWS,
        cursor=asking.cursor(),
    )


def _day(name: str) -> date | None:
    """A day of the address. What is none filters nothing, as an old link still opens."""
    text = asking.arg(name)
    try:
        return date.fromisoformat(text) if _DAY.fullmatch(text) and "1970" <= text[:4] <= "9000" else None
    except ValueError:
        return None


def _begin(day: date) -> int:
    """When the day begins on the reader's clock."""
    return to_us(datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(locale.time_zone())))


async def _many(connection: AsyncConnection, asked: AuditFilter) -> Sequence[AuditRow]:
    async def read(asked: AuditFilter) -> Page[AuditRow]:
        return await audit.rows(connection, ctx().tenant.id, asked)

    return await asking.every_page(asked, read)


def _csv_row(row: AuditRow) -> tuple[object, ...]:
    rest = {**{name: value for name, value in row.body.items() if name not in ("before", "after")}, **row.words}
    who = (row.by, row.kind, row.role, row.address)
    return (
        row.seq, rfc3339(row.at_us), fact(row.name), row.name, row.subject, row.about or "", *who, told(row.before), told(row.after),
        told(rest) if rest else "", row.hash.hex(),
    )  # fmt: skip
