"""What every verb is given: who asks, for which tenant, and the two ways to change something."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from db.tenancy import reading, set_warehouses
from events.unit_of_work import UnitOfWork, unit_of_work
from kit.clock import Clock
from kit.errors import Refusal, unless
from tenants.domain import Actor, Tenant, permission_refusal

if TYPE_CHECKING:
    from inventory.ledger.messages import Command, Outcome


class Stock(Protocol):
    """The stock engine as the business sees it."""

    async def submit(self, tenant_id: int, command: Command) -> Outcome:
        """Decide and commit one command. Returns when its outcome is durable; raises `Unavailable` when it cannot know."""
        ...

    async def submit_each(self, tenant_id: int, commands: Sequence[Command]) -> list[Outcome | Unavailable]:
        """The same for many at once. What became of each, in the order asked; an `Unavailable` is given instead of raised."""
        ...


Tell = Callable[[int, str, int], None]
"""(tenant, thing, warehouse): a thing that pages may be showing, such as `order/PO-1001`, has changed."""


def _nobody_listens(tenant_id: int, thing: str, warehouse_id: int) -> None:
    """Where no page is open: in jobs and tests."""


class Unavailable(Exception):
    """The engine cannot answer now. The command's key stays valid: sending it again is safe. `retry_after_s` is a hint."""

    code = "unavailable"

    def __init__(self, reason: str, retry_after_s: int = 1) -> None:
        super().__init__(reason)
        self.retry_after_s = retry_after_s

    @property
    def refusal(self) -> Refusal:
        """What the caller is told."""
        return Refusal(self.code, facts={"retry_after_s": self.retry_after_s})


class Halted(Unavailable):
    """The company's ledger did not prove, so nothing is written until somebody has looked and resumed it. Nothing was done."""

    code = "ledger_halted"

    def __init__(self, reason: str) -> None:
        super().__init__(reason, retry_after_s=60)


@dataclass(frozen=True, slots=True)
class Context:
    """One request's hands: `actor` asks within `tenant`; `stock` moves stock; `reading` and `writing` reach the rest; `tell` passes
    the word that a document has changed, once that is committed."""

    tenant: Tenant
    actor: Actor
    stock: Stock
    engine: AsyncEngine
    clock: Clock
    tell: Tell = _nobody_listens

    def permit(self, permission: str) -> None:
        """Raise the refusal `not_allowed` unless the actor has the permission."""
        unless(permission_refusal(self.actor, permission))

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """A read-only snapshot of the tenant, as far as the actor sees it."""
        async with reading(self.engine, self.tenant.id, self.actor.warehouses) as connection:
            yield connection

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[UnitOfWork]:
        """A transaction for things and documents, with the facts about them."""
        async with unit_of_work(self.engine, self.tenant.id, self.actor.principal_id, self.actor.role) as work:
            await set_warehouses(work.connection, self.actor.warehouses)
            yield work
