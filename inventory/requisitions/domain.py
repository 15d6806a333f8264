"""Rules of requisitions: what may be done with one, and by whom. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from kit.errors import Refusal
from kit.ids import requisition_number
from tenants.domain import Actor, Tenant


class RequisitionStatus(IntEnum):
    """Where a requisition stands. Numbers are stored; names are the wire's."""

    DRAFT = 1
    ASKED = 2
    APPROVED = 3
    REJECTED = 4
    ORDERED = 5

    @property
    def label(self) -> str:
        """The wire's name."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Requisition:
    """A requisition as its rules see it."""

    id: int
    status: RequisitionStatus
    warehouse_id: int
    created_by: int


def status_refusal(requisition: Requisition, needed: RequisitionStatus) -> Refusal | None:
    """Why it cannot go on from where it stands."""
    if requisition.status is needed:
        return None
    return Refusal("requisition_status", ({"requisition": requisition_number(requisition.id), "status": requisition.status.label},))


def approval_refusal(requisition: Requisition, by: Actor, tenant: Tenant) -> Refusal | None:
    """Why `by` cannot approve it: it is not asked for, or their own where four eyes are wanted."""
    refusal = status_refusal(requisition, RequisitionStatus.ASKED)
    if refusal is None and tenant.settings.order_four_eyes == "on" and requisition.created_by == by.principal_id:
        return Refusal("own_order", ({"order": requisition_number(requisition.id)},))
    return refusal
