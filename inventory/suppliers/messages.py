"""What people ask of suppliers, as it travels on the wire, and the names of the facts recorded about them."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from inventory.catalog.messages import Money

Days = Annotated[int, Meta(ge=0, le=3650)]
Packs = Annotated[int, Meta(ge=1, le=10**6)]
Language = Literal["en", "ru", "ky"]
UnitCode = Annotated[str, Meta(max_length=16)]

BREAKS_MAX = 20

SUPPLIER_CREATED = "supplier_created"
SUPPLIER_CHANGED = "supplier_changed"
SUPPLIER_ARCHIVED = "supplier_archived"
SUPPLIER_ITEM_SET = "supplier_item_set"
SUPPLIER_ITEM_REMOVED = "supplier_item_removed"


class NewSupplier(Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody to buy from. The code stays for ever. Without a currency it is paid in the company's.

    `lead_time_days`: from order to delivery, for all items that say nothing else. `language`: of the letters it gets.
    """

    code: str
    name: str
    currency: str | None = None
    email: str = ""
    phone: str = ""
    contact: str = ""
    tax_number: str = ""
    payment_terms_days: Days | None = None
    lead_time_days: Days | None = None
    language: Language | None = None
    notes: str = ""


class SupplierChange(Struct, frozen=True, forbid_unknown_fields=True):
    """Only what is named is changed; null takes terms, lead time or language away."""

    name: str | UnsetType = UNSET
    currency: str | UnsetType = UNSET
    email: str | UnsetType = UNSET
    phone: str | UnsetType = UNSET
    contact: str | UnsetType = UNSET
    tax_number: str | UnsetType = UNSET
    payment_terms_days: Days | UnsetType | None = UNSET
    lead_time_days: Days | UnsetType | None = UNSET
    language: Language | UnsetType | None = UNSET
    notes: str | UnsetType = UNSET


class PriceBreak(Struct, frozen=True, forbid_unknown_fields=True):
    """From so many packs on, one pack costs this, in the offer's currency."""

    from_qty: Annotated[int, Meta(ge=2, le=10**6)]
    price: str | int


class OfferTerms(Struct, frozen=True, forbid_unknown_fields=True):
    """How a supplier sells an item. Setting it again replaces all of it.

    `unit` is the packaging it is bought in, null the base unit; `multiple` and `moq` (the least that can be ordered) count
    packs, `price` is of one pack. `lead_time_days` null: as the supplier's. `preferred` null: as it was; the first supplier
    of an item is its preferred one.
    """

    supplier_sku: str = ""
    unit: UnitCode | None = None
    multiple: Packs = 1
    moq: Packs = 1
    price: Money | None = None
    breaks: Annotated[list[PriceBreak], Meta(max_length=BREAKS_MAX)] = []
    lead_time_days: Days | None = None
    preferred: bool | None = None


class NewOffer(OfferTerms, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An item that the supplier sells from now on."""

    sku: str
