"""The style page: every part of a screen beside its siblings, in both themes. For those who build; production has none."""

from __future__ import annotations

from dataclasses import dataclass

from quart import Blueprint, Response

from kit.errors import refuse
from kit.quantity import ONE
from web import respond
from web.access import public
from web.forms import Form
from web.wiring import parts

pages = Blueprint("styleguide", __name__)


@dataclass(frozen=True, slots=True)
class Sample:
    """A level to draw, in millionths."""

    sku: str
    name: str
    unit: str
    decimals: int
    on_hand: int
    reserved: int
    available: int
    in_transit: int
    on_order: int
    qty_min: int
    qty_max: int
    state: str


def _sample(sku: str, name: str, on_hand: float, reserved: float, coming: float, least: float, most: float, state: str) -> Sample:
    unit, decimals = ("kg", 3) if on_hand % 1 else ("pcs", 0)
    here, held, due, low, high = (round(each * ONE) for each in (on_hand, reserved, coming, least, most))
    return Sample(sku, name, unit, decimals, here, held, max(0, here - held), 0, due, low, high, state)


SAMPLES = (
    _sample("85123A", "White Hanging Heart T-Light Holder", 148, 22, 204, 120, 600, "ok"),
    _sample("22961", "Jam Making Set Printed", 22, 4, 120, 24, 144, "coming"),
    _sample("30045", "Soy Wax Flakes", 4.25, 0, 0, 10, 40, "low"),
    _sample("47566", "Party Bunting", 3, 3, 0, 20, 60, "out"),
    _sample("21977", "Pack Of 60 Pink Paisley Cake Cases", 940, 24, 0, 200, 800, "over"),
)


TREND = (30, 31, 30, 36, 35, 41, 40, 44, 42, 47, 46, 52)
"""A level that rises, for the lines in the strip."""


@pages.get("/styleguide")
@public
async def show() -> Response:
    """Tokens and parts."""
    if parts().wiring.environment == "production":
        raise refuse("not_found")
    form = Form({"supplier_code": "KG-5512-W", "count": "10.5", "reason": "damaged"})
    form.errors["count"] = "pcs are whole: 10 or 11?"
    return await respond.page("styleguide/page.html", samples=SAMPLES, trend=TREND, form=form)
