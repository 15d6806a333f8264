"""Requisitions over REST: ask, approve or reject, make them orders."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from quart import Blueprint, Response

from events.unit_of_work import UnitOfWork
from inventory.body import fit
from inventory.purchasing.messages import Because
from inventory.requisitions import messages as m
from inventory.requisitions import queries, service
from inventory.requisitions.domain import RequisitionStatus
from inventory.requisitions.queries import RequisitionFilter
from inventory.requisitions.render import requisition_json
from kit.ids import parse_requisition_number
from web.access import allow, ctx
from web.api.incoming import body_as, choice_arg, cursor_arg, json_body, limit_arg, text_arg
from web.api.operation import PAGED, choice, operation, text
from web.api.outgoing import changed, listing, thing
from web.asking import address_read

routes = Blueprint("api_requisitions", __name__, url_prefix="/v1/<tenant>/purchasing/requisitions")

STATUSES = tuple(status.label for status in RequisitionStatus)
COLUMNS = ("number", "status", "warehouse", "needed_on", "note", "created_at", "created_by", "decided_by", "lines")

Verb = Callable[[UnitOfWork, int], Awaitable[object]]


@routes.get("")
@allow("stock.reserve")
@operation(
    "Requisitions, newest first",
    answer="Requisition",
    listed=True,
    query=(choice("status", "One status.", STATUSES), text("warehouse", "One warehouse."), *PAGED),
)
async def requisition_list(tenant: str) -> Response:
    """Each with its lines."""
    status = choice_arg("status", STATUSES)
    chosen = None if status is None else RequisitionStatus[status.upper()]
    asked = RequisitionFilter(chosen, text_arg("warehouse"), limit_arg(), cursor_arg())
    context = ctx()
    with address_read():
        async with context.reading() as connection:
            page = await queries.requisitions_page(connection, context.tenant.id, asked)
    return listing("requisitions", page, requisition_json, COLUMNS)


@routes.post("")
@allow("stock.reserve")
@operation("A new requisition", body=m.NewRequisition, answer="Requisition", status=201, keyed=True)
async def draft(tenant: str) -> Response:
    """A draft, or put forward at once."""
    new = await body_as(m.NewRequisition)

    async def act(work: UnitOfWork) -> tuple[int, Any]:
        return 201, await _shown(work, await service.draft(ctx(), work, new))

    return await changed(act)


@routes.get("/<number>")
@allow("stock.reserve")
@operation("One requisition", answer="Requisition")
async def one(tenant: str, number: str) -> Response:
    """What is wanted, and what came of it."""
    context = ctx()
    async with context.reading() as connection:
        found = await queries.shown(connection, context.tenant.id, _number(number))
    if found is None:
        raise service.no_requisition(number)
    return thing(requisition_json(found))


@routes.post("/<number>/ask")
@allow("stock.reserve")
@operation("Put a requisition forward", answer="Requisition", keyed=True, refuses=(409,))
async def ask(tenant: str, number: str) -> Response:
    """For somebody who may approve it."""
    return await _done(number, lambda work, found: service.ask(ctx(), work, found))


@routes.post("/<number>/approve")
@allow("purchasing.approve")
@operation("Approve a requisition", answer="Requisition", keyed=True, refuses=(409,))
async def approve(tenant: str, number: str) -> Response:
    """It may be ordered."""
    return await _done(number, lambda work, found: service.approve(ctx(), work, found))


@routes.post("/<number>/reject")
@allow("purchasing.approve")
@operation("Reject a requisition", body=Because, answer="Requisition", keyed=True, refuses=(409,))
async def reject(tenant: str, number: str) -> Response:
    """With a reason, for whoever asked."""
    because = await body_as(Because)
    return await _done(number, lambda work, found: service.reject(ctx(), work, found, because))


@routes.post("/<number>/order")
@allow("purchasing.write")
@operation("Make a requisition lines of draft orders", body=m.Ordering, answer="Requisition", keyed=True, refuses=(409,))
async def order(tenant: str, number: str) -> Response:
    """They join the draft that is named; else there is a new draft for each supplier."""
    ordering = fit(await json_body(required=False), m.Ordering)
    return await _done(number, lambda work, found: service.order(ctx(), work, found, ordering))


async def _done(number: str, verb: Verb) -> Response:
    found = _number(number)

    async def act(work: UnitOfWork) -> tuple[int, Any]:
        await verb(work, found)
        return 200, await _shown(work, found)

    return await changed(act)


async def _shown(work: UnitOfWork, number: int) -> dict[str, Any]:
    found = await queries.shown(work.connection, work.tenant_id, number)
    assert found is not None, "it was written in this transaction"
    return requisition_json(found)


def _number(text: str) -> int:
    found = parse_requisition_number(text)
    if found is None:
        raise service.no_requisition(text)
    return found
