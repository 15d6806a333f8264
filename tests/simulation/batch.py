"""`stock_commit` over tables in memory: one batch, all of it or nothing."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from tests.simulation.database import Row, Table, Tables, Writes, error, fenced

_SQL = Path(__file__).parents[2] / "migrations" / "sql"


def _signature(function: str) -> tuple[str, ...]:
    """The names of a function's arguments, from the last migration that defines it. The overload for transfers is not
    meant: nothing moves between warehouses here."""
    found = [re.search(rf"FUNCTION {function}\((.*?)\n?\) RETURNS", file.read_text(), re.DOTALL) for file in sorted(_SQL.glob("*.sql"))]
    named = [tuple(re.findall(r"(\w+) \w+(?:\[\])?(?:,|$)", match.group(1).replace("\n", " "))) for match in found if match]
    return [names for names in named if "t_seq" not in names][-1]


COMMIT = _signature("stock_commit")


def stock_commit(tables: Tables, *values: Any) -> Writes:
    """One batch. The caller holds the partition's row lock."""
    assert len(values) == len(COMMIT)
    a = dict(zip(COMMIT, values, strict=True))
    return [
        *_prove(tables, a), *_ledger(tables, a), *_balances(tables, a), *_buckets(tables, a),
        *_holds(tables, a), *_replies(tables, a),
    ]  # fmt: skip


def _prove(tables: Tables, a: Row) -> Writes:
    if fenced(tables, a["p_tenant"], a["p_part"], a["p_epoch"]):
        raise error("OH001")
    row = tables.partitions[a["p_tenant"], a["p_part"]]
    if tables.guards.order and row["seq"] != a["p_base"]:
        raise error("OH002")
    return [(tables.partitions, (a["p_tenant"], a["p_part"]), {**row, "seq": row["seq"] + len(a["l_kind"]), "head_hash": a["p_head"]})]


_LEDGER = {
    "effective": "effective_at_us", "version": "cell_version", "cost": "unit_cost", "item": "item_id", "warehouse": "warehouse_id",
    "location": "location_id", "lot": "lot_id", "owner": "owner_id", "principal": "principal_id",
}  # fmt: skip


def _ledger(tables: Tables, a: Row) -> Writes:
    writes: Writes = []
    for number, row in enumerate(_rows(a, "l_"), 1):
        key = (a["p_tenant"], a["p_part"], a["p_base"] + number)
        if key in tables.ledger:
            raise error("23505", "pk_stock_ledger")
        named = {_LEDGER.get(name, name): value for name, value in row.items()}
        named["unit_cost"] = None if row["cost"] == -1 else row["cost"]
        writes.append(
            (
                tables.ledger,
                key,
                {**named, "tenant_id": key[0], "part": key[1], "seq": key[2], "epoch": a["p_epoch"], "recorded_at_us": a["p_at"]},
            )
        )
    return writes


def _balances(tables: Tables, a: Row) -> Writes:
    writes: Writes = []
    for row in _rows(a, "b_"):
        key = (a["p_tenant"], row["item"], row["warehouse"])
        if row["item"] not in tables.items:
            raise error("23503", "fk_stock_balances_items")
        stored = tables.balances.get(key, {"version": 0})["version"]
        if tables.guards.version and stored != row["base_version"]:
            raise error("OH004")
        covered = row["reserved"] + row["blocked"] <= row["on_hand"] + row["short"]
        if tables.guards.covered and (
            min(row[name] for name in ("on_hand", "reserved", "blocked", "in_transit", "short")) < 0 or not covered
        ):
            raise error("23514", "ck_stock_balances_covered")
        kept = {**row, "item_id": row["item"], "warehouse_id": row["warehouse"], "part": a["p_part"], "on_order": 0}
        writes.append((tables.balances, key, kept))
    return writes


def _buckets(tables: Tables, a: Row) -> Writes:
    writes: Writes = []
    for row in _rows(a, "k_"):
        key = (a["p_tenant"], *(row[name] for name in ("item", "warehouse", "location", "lot", "owner", "condition")))
        if row["qty"] < 0 or row["pinned"] < 0:
            raise error("23514", "ck_stock_buckets_covered")
        ids = {f"{name}_id": row[name] for name in ("item", "warehouse", "location", "lot", "owner")}
        writes.append((tables.buckets, key, {**ids, "condition": row["condition"], "qty": row["qty"], "pinned": row["pinned"]}))
    return writes


def _holds(tables: Tables, a: Row) -> Writes:
    """New holds, then changes; a hold may be made and changed in one batch."""
    held: Table = {}
    for row in _rows(a, "h_"):
        ids = {f"{name}_id": row[name] for name in ("item", "warehouse", "location", "lot", "owner")}
        told = {name: row[name] for name in ("seq", "line", "qty", "created_by", "hard", "reference")}
        parts = {"open": row["qty"], "committed": 0, "released": 0, "expired": 0}
        key = (a["p_tenant"], a["p_part"], row["seq"], row["line"])
        held[key] = {**ids, **told, **parts, "part": a["p_part"], "expires_at_us": row["expires"], "created_at_us": a["p_at"]}
    for row in _rows(a, "u_"):
        key = (a["p_tenant"], a["p_part"], row["seq"], row["line"])
        if key not in held and key not in tables.holds:
            raise error("OH004")
        parts = {name: row[name] for name in ("hard", "open", "committed", "released", "expired")}
        held[key] = {**(held.get(key) or tables.holds[key]), **parts, "expires_at_us": row["expires"]}
    return [(tables.holds, key, _whole(hold)) for key, hold in held.items()]


def _whole(hold: Row) -> Row:
    parts = [hold[name] for name in ("open", "committed", "released", "expired")]
    if min(parts) < 0 or sum(parts) != hold["qty"]:
        raise error("23514", "ck_stock_holds_whole")
    return hold


def _replies(tables: Tables, a: Row) -> Writes:
    writes: Writes = []
    fresh: set[bytes] = set()
    for row in _rows(a, "r_"):
        key = (a["p_tenant"], a["p_part"], row["key"])
        if tables.guards.key and (key in tables.replies or row["key"] in fresh):
            raise error("23505", "pk_stock_replies")
        fresh.add(row["key"])
        writes.append((tables.replies, key, {"key_hash": row["key"], "body_hash": row["body"], "reply": row["reply"], "seq": row["seq"]}))
    return writes


def _rows(a: Row, prefix: str) -> list[Row]:
    names = [name for name in COMMIT if name.startswith(prefix)]
    columns = [a[name] for name in names]
    return [dict(zip([name[2:] for name in names], row, strict=True)) for row in zip(*columns, strict=True)]
