"""Every table of the product, so that migrations and tests see one complete metadata."""

from __future__ import annotations

from db.metadata import metadata
from events import jobs as _jobs
from events import replies as _replies
from events import store as _events
from inventory.catalog import store as _catalog
from inventory.exceptions import store as _exceptions
from inventory.invoices import store as _invoices
from inventory.ledger import store as _ledger
from inventory.ledger import tally_store as _tally
from inventory.locations import store as _locations
from inventory.lots import store as _lots
from inventory.purchasing import store as _purchasing
from inventory.replenishment import store as _replenishment
from inventory.requisitions import store as _requisitions
from inventory.reservations import store as _reservations
from inventory.shipments import store as _shipments
from inventory.suppliers import store as _suppliers
from inventory.transfers import store as _transfers
from tenants import entry_store as _entry
from tenants import machine_store as _machines
from tenants import sso_store as _sso
from tenants import store as _tenants
from tenants import views as _views

__all__ = ["metadata"]
_STORES = (
    _entry, _events, _jobs, _replies, _catalog, _exceptions, _invoices, _ledger, _locations, _lots, _machines, _purchasing,
    _replenishment, _requisitions, _reservations, _shipments, _sso, _suppliers, _tally, _tenants, _transfers, _views,
)  # fmt: skip
