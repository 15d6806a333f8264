"""The first steps of a new company. Each is ticked by what is really there, so it does not matter how or by whom it was taken."""

from __future__ import annotations

from quart import g
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from events.store import facts
from inventory.catalog import queries as catalog
from inventory.context import Context
from inventory.ledger import queries as ledger
from inventory.ledger import tills
from inventory.locations import queries as places
from tenants import queries as tenants
from tenants.staff import colleagues
from web.wiring import parts

SUBJECT = "first_steps"
PUT_AWAY = "first_steps_put_away"
NEW_UNTIL_SEQ = 10_000
"""A company with more rows in its ledger has long found its way, and is asked nothing more for this."""

Steps = dict[str, bool]
"""By name in their order: whether it is done."""


async def to_show() -> Steps | None:
    """The steps for whoever sets the company up, while some are open and nobody has put them away. For templates."""
    context: Context = g.ctx
    if not context.actor.may("places.write"):
        return None
    async with context.reading() as connection:
        if await ledger.as_of_seq(connection, context.tenant.id) > NEW_UNTIL_SEQ or await are_put_away(connection, context):
            return None
        steps = await taken(connection, context)
    return None if all(steps.values()) else steps


async def taken(connection: AsyncConnection, context: Context) -> Steps:
    """What is done of the steps."""
    tenant_id = context.tenant.id
    others = [each for each in await colleagues(connection, tenant_id) if each.id != context.actor.principal_id]
    keys = await tenants.keys(connection, tenant_id)
    return {
        "warehouse": bool(await places.warehouses_of(connection, tenant_id)),
        "items": await catalog.items_counted(connection, tenant_id, catalog.ItemFilter()) > 0,
        "stock": await ledger.as_of_seq(connection, tenant_id) > 0,
        "people": bool(others or await parts().invitations.listed(connection, tenant_id)),
        "till": any(key.kind == "device" for key in keys) or await tills.has_sold(connection, tenant_id, NEW_UNTIL_SEQ),
    }


async def are_put_away(connection: AsyncConnection, context: Context) -> bool:
    """Whether somebody has put the steps away. The demo begins without them: it is set up."""
    about = facts.c.tenant_id == context.tenant.id, facts.c.subject.in_((SUBJECT, context.tenant.slug))
    query = select(facts.c.id).where(*about, facts.c.name.in_((PUT_AWAY, "demo_filled"))).limit(1)
    return (await connection.execute(query)).scalar_one_or_none() is not None
