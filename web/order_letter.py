"""The letter by which an order goes to its supplier: everything in it is written in the supplier's language when it is sent off."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal

from babel import Locale
from babel.dates import format_date

from events.unit_of_work import UnitOfWork
from inventory.context import Context
from inventory.purchasing import queries, service
from inventory.purchasing.domain import amount_of, line_amount
from inventory.purchasing.queries import ShownLine, ShownOrder
from inventory.suppliers.queries import Supplier
from kit import money, quantity
from kit.ids import order_number
from kit.quantity import format_qty
from tenants.domain import Tenant
from tenants.mails import Letter, Post
from web.catalogues import catalogue
from web.filters import UNITS


async def send_order(ctx: Context, work: UnitOfWork, post: Post, number: int) -> None:
    """Send an order: that it was sent and the letter are written in one transaction."""
    supplier = await service.send(ctx, work, number)
    order = await queries.shown(work.connection, work.tenant_id, number)
    assert order is not None, "it was locked in this transaction"
    await post.write(work, letter_of(order, supplier, ctx.tenant))


def letter_of(order: ShownOrder, supplier: Supplier, company: Tenant) -> Letter:
    """The letter about an order. Its lines are a JSON list of texts, as a letter's facts are texts."""
    language, head = supplier.language or company.language, order.head
    lines = [_line(line, head.currency, language) for line in order.lines]
    total = amount_of([shown.line for shown in order.lines], head.currency)
    facts = {
        "company": company.name,
        "number": order_number(head.id),
        "contact": supplier.contact or supplier.name,
        "to_place": head.warehouse_name,
        "due": _day(head.expected_on, language),
        "note": head.note,
        "reference": head.reference,
        "total": _money(total, head.currency, language) if all(shown.line.price is not None for shown in order.lines) else "",
        "lines": json.dumps(lines, ensure_ascii=False),
    }
    return Letter("order", supplier.email, language, facts)


def _line(shown: ShownLine, currency: str, language: str) -> dict[str, str]:
    line = shown.line
    amount = line_amount(line, currency)
    return {
        "number": str(line.number),
        "name": shown.name,
        "code": shown.supplier_sku or shown.sku,
        "qty": f"{_number(format_qty(line.qty), language)} {_unit(line.unit, language)}",
        "price": "" if line.price is None else _money(line.price, currency, language),
        "amount": "" if amount is None else _money(amount, currency, language),
        "due": _day(line.expected_on, language),
    }


def _number(plain: str, language: str) -> str:
    """A decimal text as the language writes it."""
    symbols = Locale.parse(language if language == "en" else "ru").number_symbols["latn"]
    whole, _, fraction = plain.partition(".")
    grouped = f"{int(whole):,}".replace(",", str(symbols["group"]))
    return grouped + (str(symbols["decimal"]) + fraction if fraction else "")


def _money(amount: Decimal, currency: str, language: str) -> str:
    """An exact price has more digits than the minor unit when it needs them."""
    micros = int(amount * quantity.ONE)
    return f"{currency} {_number(format_qty(micros, money.minor_digits(currency)), language)}"


def _unit(code: str, language: str) -> str:
    name = "m²" if code == "m2" else code
    return catalogue(language).gettext(name) if code in UNITS else code


def _day(day: date | None, language: str) -> str:
    return "" if day is None else format_date(day, "long", locale=language)
