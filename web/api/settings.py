"""The settings of the company over REST."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType, structs
from quart import Blueprint, Response

from events.unit_of_work import UnitOfWork
from tenants import company
from tenants.company import Chosen
from tenants.settings import SETTINGS
from web.access import allow, ctx
from web.api.incoming import body_as, seen_version
from web.api.operation import operation
from web.api.outgoing import changed, thing
from web.choosing import change_settings
from web.explanations import SETTINGS as WORDS

routes = Blueprint("api_settings", __name__, url_prefix="/v1/<tenant>/settings")

_Text = Annotated[str, Meta(max_length=200)] | UnsetType
_Choice = Annotated[str, Meta(max_length=32)] | None | UnsetType
_Whole = Annotated[int, Meta(ge=0, le=10_000_000)] | None | UnsetType
_Limit = Annotated[int, Meta(ge=0, le=1_000_000_000)] | None | UnsetType


class SettingsChange(Struct, frozen=True, forbid_unknown_fields=True):
    """What to choose anew. What is not named stays; null goes back to the default."""

    name: _Text = UNSET
    time_zone: _Text = UNSET
    language: _Text = UNSET
    currency: _Text = UNSET
    date_format: _Choice = UNSET
    number_format: _Choice = UNSET
    hold_default_s: _Whole = UNSET
    hold_max_s: _Whole = UNSET
    negative_stock: _Choice = UNSET
    over_receipt_percent: _Whole = UNSET
    approval_limit: _Limit = UNSET
    order_four_eyes: _Choice = UNSET
    invoice_qty_percent: _Whole = UNSET
    invoice_amount_percent: _Whole = UNSET
    session_idle_minutes: _Whole = UNSET
    session_longest_hours: _Whole = UNSET
    second_factor: _Choice = UNSET


@routes.get("")
@allow("settings.read")
@operation("The company's settings", answer="Settings")
async def show(tenant: str) -> Response:
    """Each with what it means. The ETag is the version of all of them."""
    async with ctx().reading() as connection:
        return thing(_shape(await company.chosen(connection, ctx().tenant.id)))


@routes.patch("")
@allow("settings.write")
@operation("Change settings", body=SettingsChange, answer="Settings", keyed=True, versioned=True, refuses=(409,))
async def change(tenant: str) -> Response:
    """All that is named, or nothing. Felt by other processes within five seconds."""
    version, wanted = seen_version(), await body_as(SettingsChange)
    named = {name: value for name, value in structs.asdict(wanted).items() if value is not UNSET}

    async def act(work: UnitOfWork) -> tuple[int, Any]:
        return 200, _shape(await change_settings(work, named, version))

    return await changed(act)


def _shape(chosen: Chosen) -> dict[str, Any]:
    return {
        "settings": dict(chosen.values),
        "explained": [
            {
                "name": each.name,
                "group": each.group,
                "value": chosen.values[each.name],
                "default": each.default,
                "changed": each.default is not None and chosen.values[each.name] != each.default,
                "allowed": list(each.allowed) or None,
                "min": each.low if each.kind == "whole" else None,
                "max": each.high if each.kind == "whole" else None,
                "unit": each.unit or None,
                "fixed": each.fixed,
                "says": str(WORDS[each.name].says),
            }
            for each in SETTINGS
        ],
        "version": chosen.version,
    }
