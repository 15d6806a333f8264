"""Forms: numbers as people write them, refusals beside their fields."""

from __future__ import annotations

import pytest

from kit.errors import Refusal, Refused
from tests.web.conftest import Site
from web.forms import Form, as_number, refusals_of


@pytest.mark.parametrize(
    ("typed", "number_format", "read"),
    [
        ("6", "point", "6"),
        ("1,204", "point", "1204"),
        ("1,204,000.5", "point", "1204000.5"),
        ("2,5", "point", "2,5"),
        ("12,04", "point", "12,04"),
        ("0.150", "point", "0.150"),
        ("1 204,5", "comma", "1204.5"),
        ("1\u00a0204,5", "comma", "1204.5"),
        ("1\u202f204.5", "comma", "1204.5"),
        ("\u22123", "point", "-3"),
        ("abc", "point", "abc"),
    ],
)
def test_a_number_is_read_as_its_reader_writes_it(typed: str, number_format: str, read: str) -> None:
    assert as_number(typed, number_format) == read


async def test_what_is_refused_is_said_beside_its_field_and_what_was_typed_stays(site: Site) -> None:
    async with site.app.test_request_context("/"):
        form = Form({"qty": "2,5", "sku": "A"}, "key-1")
        with refusals_of(form):
            form.quantity("qty")
        assert form.errors == {"qty": "A quantity is a plain number such as 6 or 0.150."}
        assert (form.status, form["qty"], form["sku"]) == (422, "2,5", "A")


async def test_a_refused_form_goes_out_again_under_a_new_key_unless_the_answer_is_unknown(site: Site) -> None:
    async with site.app.test_request_context("/"):
        form = Form({}, "key-1")
        form.refuse(Refusal("unavailable"))
        assert form.key == "key-1"
        form.refuse(Refusal("insufficient_stock"))
        assert form.key != "key-1"


async def test_what_is_wrong_with_the_line_is_said_beside_the_quantity(site: Site) -> None:
    async with site.app.test_request_context("/"):
        form = Form({})
        fact = {"line": 0, "sku": "A", "warehouse": "osh", "requested": "10", "available": "6"}
        form.refuse(Refusal("insufficient_stock", (fact,)))
        form.blame("qty")
        assert form.errors == {"qty": "Only 6 of 10 available for A in osh."}


@pytest.mark.parametrize(
    ("read", "code"),
    [
        (lambda form: form.text("missing"), "value_missing"),
        (lambda form: form.text("long", 3), "invalid_value"),
        (lambda form: form.text("nul"), "invalid_value"),
        (lambda form: form.choice("long", ("a", "b")), "invalid_value"),
        (lambda form: form.whole("long"), "invalid_value"),
        (lambda form: form.amount("long"), "invalid_value"),
    ],
)
async def test_a_field_that_does_not_fit_is_refused(site: Site, read: object, code: str) -> None:
    async with site.app.test_request_context("/"):
        with pytest.raises(Refused, match=code):
            read(Form({"long": "abcd", "nul": "a\x00b"}))  # type: ignore[operator]
