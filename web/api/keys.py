"""Keys, roles, and whom the company trusts to speak for programs, over REST."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from msgspec import Struct
from quart import Blueprint, Response

from events.unit_of_work import UnitOfWork
from inventory.ledger.queries import as_of_seq
from kit.errors import refuse
from kit.paging import Page
from tenants import machine_store, queries
from tenants.domain import Role
from tenants.messages import MadeKey, NewIssuer, NewKey
from tenants.queries import Key
from web import rights
from web.access import ANYONE_HERE, allow, ctx
from web.api import shapes
from web.api.incoming import body_as
from web.api.operation import operation
from web.api.outgoing import changed, listing
from web.places import codes_of, ids_of
from web.respond import json
from web.wiring import parts

routes = Blueprint("api_keys", __name__, url_prefix="/v1/<tenant>")

RoleName = Literal["admin", "manager", "inventory", "operator", "viewer", "billing", "supplier"]


class KeyToMake(Struct, frozen=True, forbid_unknown_fields=True):
    """A key of a program, or of a `device` (a till) that stands in one warehouse. `days` until it ends; never without."""

    name: str
    role: RoleName = "operator"
    kind: Literal["key", "device"] = "key"
    scopes: list[str] | None = None
    warehouses: list[str] | None = None
    days: int | None = None


class Rotation(Struct, frozen=True, forbid_unknown_fields=True):
    """For how many hours (up to 168) the secret before still works beside the new one."""

    overlap_hours: int = 24


class IssuerToTrust(Struct, frozen=True, forbid_unknown_fields=True):
    """An issuer of tokens (JWT). `roles` maps values of `role_claim` to roles; without `jwks_url` its discovery document is asked."""

    issuer: str
    audience: str
    algorithm: Literal["RS256", "ES256", "EdDSA"]
    roles: dict[str, RoleName]
    tenant_claim: str = "tenant"
    role_claim: str = "roles"
    scopes_claim: str | None = None
    jwks_url: str | None = None


class TokenToDeny(Struct, frozen=True, forbid_unknown_fields=True):
    """The id (`jti`) of a token that must not come again."""

    jti: str


@routes.get("/keys")
@allow("keys.write")
@operation("Keys of programs and tills", answer="Key", listed=True)
async def list_keys(tenant: str) -> Response:
    """Newest first, ended ones too. Of a secret only its beginning is known."""
    context = ctx()
    async with context.reading() as connection:
        found = await queries.keys(connection, context.tenant.id)
        seq = await as_of_seq(connection, context.tenant.id)
    codes = await codes_of(context)
    return listing("keys", Page(found, None, seq), lambda key: shapes.key(key, codes, context.clock()), shapes.KEY_COLUMNS)


@routes.post("/keys")
@allow("keys.write")
@operation("A new key", body=KeyToMake, answer="MadeKey", status=201, keyed=True, refuses=(409,))
async def make(tenant: str) -> Response:
    """Its `secret` is in this answer and nowhere else: sent again with the same Idempotency-Key the answer comes without it."""
    wanted = await body_as(KeyToMake)
    if wanted.days is not None and not 1 <= wanted.days <= rights.DAYS_MAX:
        raise refuse("out_of_range", {"field": "days", "min": 1, "max": rights.DAYS_MAX})
    warehouses = None if wanted.warehouses is None else await ids_of(ctx(), wanted.warehouses)
    scopes = None if wanted.scopes is None else frozenset(wanted.scopes)
    new = NewKey(wanted.name, Role[wanted.role.upper()], wanted.days, wanted.kind, scopes, warehouses)
    told, codes = dict[str, str](), await codes_of(ctx())

    async def act(work: UnitOfWork) -> tuple[int, Any]:
        made = await parts().keys.make_in(work, ctx().tenant, ctx().actor, new)
        return 201, await _made(work, made, codes, told)

    return await changed(act, told)


@routes.post("/keys/<int:key>/rotate")
@allow("keys.write")
@operation("A new secret for a key", body=Rotation, answer="MadeKey", keyed=True, refuses=(409,))
async def rotate(tenant: str, key: int) -> Response:
    """The secret before works for the overlap and then no more. The new one is in this answer and nowhere else."""
    wanted = await body_as(Rotation)
    told, codes = dict[str, str](), await codes_of(ctx())

    async def act(work: UnitOfWork) -> tuple[int, Any]:
        made = await parts().keys.rotate(work, ctx().tenant, ctx().actor, key, wanted.overlap_hours)
        return 200, await _made(work, made, codes, told)

    return await changed(act, told)


@routes.post("/keys/<int:key>/revoke")
@allow("keys.write")
@operation("End a key", answer="Key", keyed=True)
async def revoke(tenant: str, key: int) -> Response:
    """At once, its open feeds included."""
    codes = await codes_of(ctx())

    async def act(work: UnitOfWork) -> tuple[int, Any]:
        await parts().keys.revoke(work, ctx().tenant, ctx().actor, key)
        return 200, await _shown(work, key, codes)

    return await changed(act)


@routes.get("/roles")
@allow(ANYONE_HERE)
@operation("Roles and what each may do", answer="Roles")
async def roles(tenant: str) -> Response:
    """Every permission that a route asks for or a role has, in the reader's words, and who has it."""
    return json({"permissions": [shapes.permission(each) for each in rights.matrix()], "roles": rights.role_labels()})


@routes.get("/machines")
@allow("keys.write")
@operation("Programs that came with tokens", answer="Machine", listed=True)
async def list_machines(tenant: str) -> Response:
    """The latest first."""
    context = ctx()
    async with context.reading() as connection:
        found = await machine_store.machines_of(connection, context.tenant.id)
        seq = await as_of_seq(connection, context.tenant.id)
    return listing("machines", Page(found, None, seq), shapes.machine, shapes.MACHINE_COLUMNS)


@routes.post("/machines/<int:machine>/revoke")
@allow("keys.write")
@operation("Cut a program off", answer="Status", keyed=True)
async def cut_off(tenant: str, machine: int) -> Response:
    """Whatever tokens it brings, at once."""
    return await _machine(machine, back=False)


@routes.post("/machines/<int:machine>/restore")
@allow("keys.write")
@operation("Let a program in again", answer="Status", keyed=True)
async def let_in(tenant: str, machine: int) -> Response:
    """With the tokens of its issuer, as before it was cut off."""
    return await _machine(machine, back=True)


@routes.get("/issuers")
@allow("keys.write")
@operation("Trusted issuers of tokens", answer="Issuer", listed=True)
async def list_issuers(tenant: str) -> Response:
    """By name."""
    context = ctx()
    async with context.reading() as connection:
        found = await machine_store.issuers_of(connection, context.tenant.id)
        seq = await as_of_seq(connection, context.tenant.id)
    return listing("issuers", Page(found, None, seq), shapes.issuer, shapes.ISSUER_COLUMNS)


@routes.post("/issuers")
@allow("keys.write")
@operation("Trust an issuer", body=IssuerToTrust, answer="Issuer", status=201, keyed=True, refuses=(409,))
async def trust(tenant: str) -> Response:
    """Its tokens are taken in place of a key from now on."""
    wanted = await body_as(IssuerToTrust)
    claims = (wanted.tenant_claim, wanted.role_claim, dict[str, str](wanted.roles))
    new = NewIssuer(wanted.issuer, wanted.audience, wanted.algorithm, *claims, wanted.jwks_url, wanted.scopes_claim)

    async def act(work: UnitOfWork) -> tuple[int, Any]:
        return 201, shapes.issuer(await parts().machines.trust(work, ctx().actor, new))

    return await changed(act)


@routes.post("/issuers/<int:issuer>/distrust")
@allow("keys.write")
@operation("Trust an issuer no more", answer="Status", keyed=True)
async def distrust(tenant: str, issuer: int) -> Response:
    """Its programs are out at once."""

    async def act(work: UnitOfWork) -> tuple[int, Any]:
        await parts().machines.distrust(work, ctx().actor, issuer)
        return 200, {"status": "distrusted"}

    return await changed(act)


@routes.post("/issuers/<int:issuer>/deny")
@allow("keys.write")
@operation("Deny one token", body=TokenToDeny, answer="Status", keyed=True)
async def deny(tenant: str, issuer: int) -> Response:
    """By its id, even before it comes."""
    wanted = await body_as(TokenToDeny)

    async def act(work: UnitOfWork) -> tuple[int, Any]:
        await parts().machines.deny(work, ctx().actor, issuer, wanted.jti)
        return 200, {"status": "denied"}

    return await changed(act)


async def _machine(machine: int, *, back: bool) -> Response:
    async def act(work: UnitOfWork) -> tuple[int, Any]:
        await parts().machines.revoke(work, ctx().actor, machine, back=back)
        return 200, {"status": "active" if back else "revoked"}

    return await changed(act)


async def _made(work: UnitOfWork, made: MadeKey, codes: Mapping[int, str], told: dict[str, str]) -> Mapping[str, Any]:
    """The key as lists show it; its secret goes into what is told once."""
    told["secret"] = made.text
    return {**await _shown(work, made.id, codes), "secret": None}


async def _shown(work: UnitOfWork, key: int, codes: Mapping[int, str]) -> dict[str, Any]:
    found: Key | None = await queries.key(work.connection, work.tenant_id, key)
    assert found is not None
    return shapes.key(found, codes, ctx().clock())
