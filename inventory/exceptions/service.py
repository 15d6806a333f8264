"""The verb that raises exceptions, and what people do with those. The latter runs inside the caller's open transaction."""

from __future__ import annotations

from events.unit_of_work import UnitOfWork
from inventory.answer import Json, Verb
from inventory.body import Complaints
from inventory.catalog.directory import Names
from inventory.catalog.domain import checked_text
from inventory.context import Context
from inventory.exceptions import queries
from inventory.exceptions.domain import raised
from inventory.exceptions.messages import EXCEPTION_SETTLED, Exceptional, SettleBody
from inventory.exceptions.render import exception_json
from inventory.exceptions.store import stock_settlements
from inventory.ledger.bodies import IssueBody
from inventory.ledger.messages import Outcome
from inventory.ledger.service import build_issue, names_of_body, show_movements
from inventory.rows import insert_one
from kit.errors import refuse
from kit.ids import exception_id, parse_exception_id

NOTE_LENGTH_MAX = 500


def show_issue(outcome: Outcome, names: Names) -> Json:
    """The answer of `issue`: what a late one has left to look into stands beside its movements."""
    shown, found = show_movements(outcome, names), raised(outcome)
    return shown | {"exceptions": [exception_json(each, names) for each in found]} if found else shown


VERBS = {"issue": Verb("stock.issue", IssueBody, names_of_body, build_issue, show_issue)}


async def settle(ctx: Context, work: UnitOfWork, exception: str, body: SettleBody) -> Exceptional:
    """Note what was found out about an exception. Refuses one that is not there, and one that is settled already."""
    ctx.permit("stock.adjust")
    complaints = Complaints()
    note = checked_text(body.note, "note", NOTE_LENGTH_MAX, complaints)
    complaints.raise_any()
    number = parse_exception_id(exception)
    found = await queries.one(work.connection, work.tenant_id, number[0]) if number and number[1] == 0 else None
    if found is None:
        raise refuse("exception_not_found", {"field": "exception", "exception": exception[:64]})
    values = {"part": 0, "seq": found.seq, "settled_at_us": ctx.clock(), "principal_id": work.principal_id, "note": note}
    await insert_one(work, stock_settlements, values, "exception_settled", field="exception", exception=exception_id(found.seq))
    await work.record(EXCEPTION_SETTLED, exception_id(found.seq), note=note)
    settled = await queries.one(work.connection, work.tenant_id, found.seq)
    assert settled is not None
    return settled
