"""What became of every line: two files beside each other, and a few lines for the terminal."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from app.purchases import lines as c
from app.purchases.lines import History
from app.purchases.plan import Plan
from app.purchases.play import Placed
from app.purchases.sorting import Fate, Sorted
from app.sales.report import report_stem
from kit import csvs

DIFFERENCES_SHOWN = 10
_HEAD = ("line", "id", "fate", "remarks", "reason", "became", "order", "po", "asn", "sku", "quantity")


@dataclass(slots=True)
class Outcome:
    """How an import ended. `differences` is None while it was not proven."""

    placed: list[Placed] = field(default_factory=list)
    seconds: float = 0.0
    lead_times: dict[str, int] = field(default_factory=dict)
    lines: int = 0
    receipts: int = 0
    differences: list[str] | None = None


def found_in(history: History, found: Sequence[Sorted], plan: Plan) -> str:
    """What the lines are, before anything is done with them."""
    fates = Counter(each.fate for each in found)
    told = [f"{history.name}: {len(found):,} lines"]
    told += [f"  {fate.value:<22}{fates[fate]:>8,}" for fate in Fate]
    told += [f"    {count:>6,} × {remark}" for remark, count in _counted(found).most_common(20)]
    deliveries = sum(len(order.deliveries) for order in plan.orders)
    told.append(
        f"  {len(plan.orders):,} orders with {deliveries:,} deliveries of {len(plan.goods):,} items, "
        f"from {len(plan.suppliers):,} suppliers to {len(plan.warehouses):,} warehouses"
    )
    return "\n".join(told)


def written(folder: Path, history: History, found: Sequence[Sorted], plan: Plan, outcome: Outcome) -> Path:
    """Write both files; returns the JSON's path, beside which the CSV lies."""
    stem = report_stem(folder, history.name, history.digest)
    became = _became(plan, outcome)
    rows = (_row(each, became) for each in found)
    stem.with_suffix(".csv").write_text(csvs.write(_HEAD, rows), encoding="utf-8", newline="")
    path = stem.with_suffix(".json")
    path.write_text(json.dumps(_summary(history, found, plan, outcome, became), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def told(outcome: Outcome, plan: Plan, path: Path) -> str:
    """How it ended, in a few lines."""
    refused = Counter(each.refused for each in outcome.placed if each.refused)
    lines = [f"  {len(outcome.placed):,} of {len(plan.orders):,} orders done in {outcome.seconds:.1f} s, {refused.total():,} refused"]
    lines += [f"  refused: {count:,} × {why}" for why, count in refused.most_common(10)]
    if outcome.differences:
        lines.append(f"  PROOF FAILED: {len(outcome.differences):,} differences")
        lines += [f"    {each}" for each in outcome.differences[:DIFFERENCES_SHOWN]]
    elif outcome.differences is not None:
        lines.append(
            f"  Proven: {outcome.lines:,} order lines and {outcome.receipts:,} receipts read back equal the file, "
            f"and so do lead times: zero differences. {len(outcome.lead_times):,} suppliers were given theirs"
        )
    lines.append(f"  Every line is accounted for in {path} and {path.with_suffix('.csv').name}")
    return "\n".join(lines)


def _counted(found: Sequence[Sorted]) -> Counter[str]:
    """Remarks and reasons, those that name a particular line or amount by their kind."""
    return Counter(_kind(text) for each in found for text in (*each.remarks, *((each.reason,) if each.reason else ())))


def _kind(text: str) -> str:
    text = re.sub(r"^value .* is not", "value is not", text)
    text = re.sub(r"^duplicate ID .*", "duplicate ID", text)
    text = re.sub(r"See \S+ \(ID#:[^)]*\): line \d+, which is of .*", "See another line, which is of another ASN", text)
    text = re.sub(r"See \S+ \(ID#:[^)]*\): line \d+", "See another line", text)
    return re.sub(r"See \S+ \(ID#:[^)]*\): no such line in the file", "See a line that is not in the file", text)


_Became = Mapping[int, tuple[str, str, str]]


def _became(plan: Plan, outcome: Outcome) -> _Became:
    """Line number -> (what became of it, order, SKU)."""
    placed = {each.order.mark: each for each in outcome.placed}
    became: dict[int, tuple[str, str, str]] = {}
    for order in plan.orders:
        found = placed.get(order.mark)
        what = "not yet" if found is None else f"refused by the server: {found.refused}" if found.refused else "done"
        became.update((line.number, (what, found.number if found else "", line.good.sku)) for line in order.lines)
    return became


def _row(each: Sorted, became: _Became) -> Sequence[object]:
    line, (what, order, sku) = each.line, became.get(each.line.number, ("skipped", "", ""))
    of = line.of
    return line.number, of[c.ID], each.fate, "; ".join(each.remarks), each.reason, what, order, of[c.ORDER], of[c.ASN], sku, of[c.QUANTITY]


def _summary(history: History, found: Sequence[Sorted], plan: Plan, outcome: Outcome, became: _Became) -> dict[str, Any]:
    """Counts, and the numbers of all lines that were refused, by why."""
    refused: dict[str, list[int]] = {}
    for each in found:
        if each.reason:
            refused.setdefault(each.reason, []).append(each.line.number)
    whats = Counter(what.partition(":")[0] for what, _, _ in became.values())
    return {
        "file": history.name,
        "digest": history.digest,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "lines": {
            "in": len(found),
            **{fate.value: sum(each.fate is fate for each in found) for fate in Fate},
            "done": whats["done"],
            "refused_by_server": whats["refused by the server"],
            "not_yet": whats["not yet"],
        },
        "remarks": dict(_counted(found).most_common()),
        "refused": refused,
        "refused_by_server": [{"order": each.order.reference, "why": each.refused} for each in outcome.placed if each.refused],
        "orders": {"in": len(plan.orders), "done": sum(not each.refused for each in outcome.placed)},
        "items": len(plan.goods),
        "suppliers": len(plan.suppliers),
        "warehouses": len(plan.warehouses),
        "seconds": round(outcome.seconds, 3),
        "lead_times": outcome.lead_times,
        "proof": None
        if outcome.differences is None
        else {"order_lines": outcome.lines, "receipts": outcome.receipts, "differences": outcome.differences},
    }
