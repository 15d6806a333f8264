"""The books as the database has them, and what an export says they should be: written apart from the replay on purpose."""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from tests.conftest import Database

MILLION = 1_000_000
CHARGES = {"POST", "DOT", "M", "D", "C2", "S", "BANK CHARGES", "AMAZONFEE", "CRUK"}


@dataclass(frozen=True, slots=True)
class Books:
    """Pieces by SKU over all warehouses, and what the ledger did for each reference."""

    rows: int
    balances: Counter[str]
    promised: int
    opened: Counter[str]
    sold: Counter[tuple[str, str]]
    returned: Counter[tuple[str, str]]
    written_off: Counter[tuple[str, str]]


def pieces_sold(path: Path) -> Counter[str]:
    """Net pieces that left, by stock code, as the README of the data tells how to read a line."""
    net: Counter[str] = Counter()
    with path.open(newline="", encoding="utf-8") as file:
        for line in csv.DictReader(file):
            code, quantity = line["StockCode"].strip().upper(), int(line["Quantity"])
            if code in CHARGES or code.startswith("GIFT_"):
                continue
            is_write_off = quantity < 0 and not line["InvoiceNo"].startswith("C")
            net[code] += -quantity if is_write_off else quantity
    return net


def lines_of(path: Path) -> Counter[tuple[str, str]]:
    """(invoice, code) -> pieces, for everything that is goods; negative when they came back or were written off."""
    found: Counter[tuple[str, str]] = Counter()
    with path.open(newline="", encoding="utf-8") as file:
        for line in csv.DictReader(file):
            code = line["StockCode"].strip().upper()
            if code not in CHARGES and not code.startswith("GIFT_"):
                found[line["InvoiceNo"], code] += int(line["Quantity"])
    return found


async def books(database: Database, tenant: int) -> Books:
    """Read everything, as the superuser: no route of the product is involved."""
    connection = await asyncpg.connect(database.admin)
    try:
        rows = await connection.fetch(_ROWS, tenant)
        balances = await connection.fetch(_BALANCES, tenant)
    finally:
        await connection.close()
    return Books(
        len(rows),
        Counter({row["sku"]: int(row["on_hand"]) // MILLION for row in balances}),
        sum(int(row["reserved"]) for row in balances),
        _sum(rows, "sku", reason="opening stock"),
        _sum(rows, "reference", "sku", kind=5),
        _sum(rows, "reference", "sku", kind=1, reason="return"),
        _sum([row for row in rows if row["reason"].startswith("write-off")], "reference", "sku", kind=3),
    )


def _sum(rows: list[asyncpg.Record], *by: str, **where: object) -> Counter:  # type: ignore[type-arg]
    found: Counter = Counter()  # type: ignore[type-arg]
    for row in rows:
        if all(row[name] == value for name, value in where.items()):
            found[row[by[0]] if len(by) == 1 else tuple(row[name] for name in by)] += int(row["delta"]) // MILLION
    return found


# A commit names no document of its own: its reservation does.
_ROWS = """
SELECT i.sku, l.kind, l.delta_on_hand AS delta, l.reason, COALESCE(NULLIF(l.reference, ''), made.reference) AS reference
FROM stock_ledger l JOIN items i ON i.tenant_id = l.tenant_id AND i.id = l.item_id
LEFT JOIN stock_ledger made ON made.tenant_id = l.tenant_id AND made.part = l.part AND made.seq = l.document AND l.document > 0
WHERE l.tenant_id = $1
"""
_BALANCES = """
SELECT i.sku, sum(b.on_hand) AS on_hand, sum(b.reserved) AS reserved FROM stock_balances b
JOIN items i ON i.tenant_id = b.tenant_id AND i.id = b.item_id WHERE b.tenant_id = $1 GROUP BY 1
"""
