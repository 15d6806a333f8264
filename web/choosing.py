"""Changing settings, for the page and the API alike."""

from __future__ import annotations

from collections.abc import Mapping

from events.unit_of_work import UnitOfWork
from inventory.ledger.queries import has_costs
from tenants.company import Chosen
from tenants.settings import Value
from web.access import ctx
from web.wiring import parts


async def change_settings(work: UnitOfWork, wanted: Mapping[str, Value | None], version: int) -> Chosen:
    """Choose what is named; None goes back to the default. A currency that costs are kept in stays."""
    used = "currency" in wanted and await has_costs(work.connection, work.tenant_id)
    return await parts().company.change(work, ctx().actor, wanted, version, currency_is_used=used)
