"""What people ask of the catalogue, as it travels on the wire, and the names of the facts recorded about it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

ItemKind = Literal["raw", "semi_finished", "finished", "kit"]
BarcodeKind = Literal["barcode", "plu"]

ITEM_CREATED = "item_created"
ITEM_CHANGED = "item_changed"
ITEM_ARCHIVED = "item_archived"
BARCODE_ADDED = "barcode_added"
BARCODE_REMOVED = "barcode_removed"
ITEM_UNIT_SET = "item_unit_set"
ITEM_UNIT_REMOVED = "item_unit_removed"
LIMITS_SET = "limits_set"
LIMITS_REMOVED = "limits_removed"
UNIT_CREATED = "unit_created"
UNIT_CHANGED = "unit_changed"
UNIT_ARCHIVED = "unit_archived"


class Money(Struct, frozen=True, forbid_unknown_fields=True):
    """An amount as a decimal string, and its currency's three letters."""

    amount: str | int
    currency: str


class NewItem(Struct, frozen=True, forbid_unknown_fields=True):
    """An item to be made. Its SKU and base unit stay for ever: what was counted in pieces is not turned into kilograms."""

    sku: str
    name: str
    kind: ItemKind = "finished"
    base_unit: str = "pcs"
    category: str = ""
    price: Money | None = None
    names: dict[str, str] = {}
    metadata: dict[str, Any] = {}


class ItemChange(Struct, frozen=True, forbid_unknown_fields=True):
    """Only what is named is changed; `price: null` takes the price away."""

    name: str | UnsetType = UNSET
    kind: ItemKind | UnsetType = UNSET
    category: str | UnsetType = UNSET
    price: Money | UnsetType | None = UNSET
    names: dict[str, str] | UnsetType = UNSET
    metadata: dict[str, Any] | UnsetType = UNSET


class NewBarcode(Struct, frozen=True, forbid_unknown_fields=True):
    """A code that finds an item when it is scanned or typed."""

    code: str
    kind: BarcodeKind = "barcode"


class NewItemUnit(Struct, frozen=True, forbid_unknown_fields=True):
    """A packaging: `per` of this unit are `base` base units, so a case of 12 is base 12, per 1. Setting it again replaces it."""

    unit: str
    base: Annotated[int, Meta(ge=1, le=10**12)]
    per: Annotated[int, Meta(ge=1, le=10**12)] = 1


class NewLimits(Struct, frozen=True, forbid_unknown_fields=True):
    """Minimum and maximum of an item in a warehouse, in its base unit. Setting them again replaces them."""

    warehouse: str
    min: str | int
    max: str | int


class NewUnit(Struct, frozen=True, forbid_unknown_fields=True):
    """A unit to count in. `decimals` stays for ever: what was counted in thousandths does not fit in tenths."""

    code: str
    name: str
    decimals: Annotated[int, Meta(ge=0, le=6)] = 0


class UnitChange(Struct, frozen=True, forbid_unknown_fields=True):
    """A unit's name in people's words."""

    name: str
