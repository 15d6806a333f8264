"""People and invitations over REST."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET, Struct, UnsetType
from quart import Blueprint, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from events.unit_of_work import UnitOfWork
from inventory.ledger.queries import as_of_seq
from inventory.locations import queries as places
from kit.errors import refuse
from kit.paging import Page
from tenants.domain import Role
from tenants.invitations import Invitation, NewInvitation
from tenants.staff import Colleague, PersonChange, Wanted, colleagues, one
from web import visitors
from web.access import allow, ctx
from web.api import shapes
from web.api.incoming import body_as, seen_version
from web.api.operation import operation
from web.api.outgoing import changed, listing, thing
from web.pages.people import warehouses_named
from web.wiring import parts

routes = Blueprint("api_people", __name__, url_prefix="/v1/<tenant>")


class Invite(Struct, frozen=True, forbid_unknown_fields=True):
    """Whom to invite. `warehouses`: codes of the only ones they will see, null for all. Without a language it is the company's."""

    email: str
    role: str
    language: str | None = None
    warehouses: list[str] | None = None


@routes.get("/people")
@allow("people.read")
@operation("People", answer="Person", listed=True)
async def list_people(tenant: str) -> Response:
    """Everyone, by name."""
    async with ctx().reading() as connection:
        found, codes = await colleagues(connection, ctx().tenant.id), await _codes(connection)
        seq = await as_of_seq(connection, ctx().tenant.id)

    def shown(each: Colleague) -> shapes.Json:
        return shapes.person(each, codes)

    return listing("people", Page(found, None, seq), shown, shapes.PERSON_COLUMNS)


@routes.get("/people/<int:number>")
@allow("people.read")
@operation("One person", answer="Person")
async def one_person(tenant: str, number: int) -> Response:
    """The ETag is their version."""
    async with ctx().reading() as connection:
        return thing(shapes.person(await one(connection, ctx().tenant.id, number), await _codes(connection)))


@routes.patch("/people/<int:number>")
@allow("people.write")
@operation("Change a person", body=PersonChange, answer="Person", keyed=True, versioned=True, refuses=(409,))
async def change_person(tenant: str, number: int) -> Response:
    """Only what is named is changed, all of it or nothing. Whatever changes rights ends the person's sessions."""
    version, asked = seen_version(), await body_as(PersonChange)

    async def act(work: UnitOfWork) -> tuple[int, Any]:
        wanted = await _wanted(work.connection, asked)
        found = await parts().staff.change(work, ctx().tenant, ctx().actor, number, wanted, version)
        return 200, shapes.person(found, await _codes(work.connection))

    return await changed(act)


@routes.get("/invitations")
@allow("people.read")
@operation("Invitations", answer="Invitation", listed=True)
async def list_invitations(tenant: str) -> Response:
    """Those nobody has accepted, newest first."""
    async with ctx().reading() as connection:
        found, codes = await parts().invitations.listed(connection, ctx().tenant.id), await _codes(connection)
        seq = await as_of_seq(connection, ctx().tenant.id)

    def shown(each: Invitation) -> shapes.Json:
        return shapes.invitation(each, codes)

    return listing("invitations", Page(found, None, seq), shown, shapes.INVITATION_COLUMNS)


@routes.post("/invitations")
@allow("people.write")
@operation("Invite somebody", body=Invite, answer="Invitation", status=201, keyed=True, refuses=(409, 429))
async def invite(tenant: str) -> Response:
    """A letter goes out; its link is told to nobody else."""
    asked = await body_as(Invite)
    _count()

    async def act(work: UnitOfWork) -> tuple[int, Any]:
        warehouses = await warehouses_named(work.connection, asked.warehouses)
        new = NewInvitation(asked.email, _role(asked.role), asked.language or ctx().tenant.language, warehouses)
        sent = await parts().invitations.invite(work, ctx().tenant, ctx().actor, new)
        return 201, shapes.invitation(sent, await _codes(work.connection))

    return await changed(act)


@routes.post("/invitations/<int:number>/resend")
@allow("people.write")
@operation("Send an invitation again", answer="Invitation", keyed=True, refuses=(409, 429))
async def resend(tenant: str, number: int) -> Response:
    """With a new link; the one before opens nothing any more."""
    _count()

    async def act(work: UnitOfWork) -> tuple[int, Any]:
        sent = await parts().invitations.resend(work, ctx().tenant, ctx().actor, number)
        return 200, shapes.invitation(sent, await _codes(work.connection))

    return await changed(act)


@routes.post("/invitations/<int:number>/revoke")
@allow("people.write")
@operation("Withdraw an invitation", answer="Invitation", keyed=True, refuses=(409,))
async def revoke(tenant: str, number: int) -> Response:
    """Its link opens nothing any more."""

    async def act(work: UnitOfWork) -> tuple[int, Any]:
        ended = await parts().invitations.revoke(work, ctx().tenant, ctx().actor, number)
        return 200, shapes.invitation(ended, await _codes(work.connection))

    return await changed(act)


def _count() -> None:
    visitors.knock(parts().limits.invitations_of_tenant, str(ctx().tenant.id))


async def _wanted(connection: AsyncConnection, asked: PersonChange) -> Wanted:
    role = UNSET if isinstance(asked.role, UnsetType) else _role(asked.role)
    warehouses = asked.warehouses if isinstance(asked.warehouses, UnsetType) else await warehouses_named(connection, asked.warehouses)
    return Wanted(role, warehouses, asked.disabled)


def _role(label: str) -> Role:
    known = {role.label: role for role in Role}
    if label not in known:
        raise refuse("unknown_role", {"field": "role"})
    return known[label]


async def _codes(connection: AsyncConnection) -> dict[int, str]:
    return {each.id: each.code for each in await places.warehouses_of(connection, ctx().tenant.id, archived=None)}
