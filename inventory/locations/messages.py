"""What people ask of places, as it travels on the wire, and the names of the facts recorded about them."""

from __future__ import annotations

from typing import Literal

from msgspec import UNSET, Struct, UnsetType

LocationKind = Literal["zone", "aisle", "bin"]

WAREHOUSE_CREATED = "warehouse_created"
WAREHOUSE_CHANGED = "warehouse_changed"
WAREHOUSE_ARCHIVED = "warehouse_archived"
LOCATION_CREATED = "location_created"
LOCATION_CHANGED = "location_changed"
LOCATION_ARCHIVED = "location_archived"


class NewWarehouse(Struct, frozen=True, forbid_unknown_fields=True):
    """A warehouse or outlet. Its code stays for ever. Without a time zone it keeps the company's."""

    code: str
    name: str
    time_zone: str | None = None


class WarehouseChange(Struct, frozen=True, forbid_unknown_fields=True):
    """Only what is named is changed."""

    name: str | UnsetType = UNSET
    time_zone: str | UnsetType = UNSET


class NewLocation(Struct, frozen=True, forbid_unknown_fields=True):
    """A zone, aisle or bin; `parent` is the code of the location it is in. Zones and aisles may be mere structure."""

    code: str
    kind: LocationKind = "bin"
    parent: str | None = None
    holds_stock: bool = True


class LocationChange(Struct, frozen=True, forbid_unknown_fields=True):
    """Only what is named is changed."""

    kind: LocationKind | UnsetType = UNSET
    holds_stock: bool | UnsetType = UNSET
