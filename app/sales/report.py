"""What became of every line: two files beside each other, and a few lines for the terminal."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from app.sales.lines import Export
from app.sales.plan import Plan
from app.sales.proof import Difference
from app.sales.sorting import Fate, Sorted
from app.sales.till import Tally
from kit import csvs

DIFFERENCES_SHOWN = 10
_NAMES = {
    Fate.SALE: "sold",
    Fate.CANCELLATION: "returned",
    Fate.WRITE_OFF: "written off",
    Fate.CHARGE: "charges, not goods",
    Fate.UNUSABLE: "unusable",
}


@dataclass(slots=True)
class Outcome:
    """How a replay ended. `differences` is None while it was not proven."""

    done: int = 0
    refused: Mapping[int, str] = field(default_factory=dict)
    seconds: float = 0.0
    tally: Tally = field(default_factory=Tally)
    cells: int = 0
    rows: int = 0
    foreign: int = 0
    differences: list[Difference] | None = None


def found_in(export: Export, found: Sequence[Sorted]) -> str:
    """What the lines are, before anything is done with them."""
    fates = Counter(each.fate for each in found)
    told = [f"{export.name}: {len(found):,} lines"]
    told += [f"  {_NAMES[fate]:<22}{fates[fate]:>8,}{_reasons(found, fate)}" for fate in Fate if fates[fate]]
    return "\n".join(told)


def written(folder: Path, export: Export, found: Sequence[Sorted], plan: Plan, outcome: Outcome) -> Path:
    """Write both files; returns the JSON's path, beside which the CSV lies."""
    stem = report_stem(folder, export.name, export.digest)
    became = _became(found, plan, outcome)
    stem.with_suffix(".csv").write_text(csvs.write(_HEAD, (_row(each, became) for each in found)), encoding="utf-8", newline="")
    path = stem.with_suffix(".json")
    path.write_text(json.dumps(_summary(export, found, plan, outcome, became), indent=1) + "\n")
    return path


def report_stem(folder: Path, file: str, digest: str) -> Path:
    """Where a file's reports go, without the ending: named after the file and its content."""
    name = "".join(letter if letter.isalnum() or letter in "-_" else "-" for letter in file.split(".")[0])[:60]
    return folder / f"{name or 'sales'}-{digest}.x"


def told(outcome: Outcome, plan: Plan, path: Path) -> str:
    """How it ended, in a few lines."""
    tally = outcome.tally
    lines = [f"  {outcome.done:,} of {len(plan.events):,} events done, {len(outcome.refused):,} refused"]
    if tally.answered:
        rate = tally.answered / outcome.seconds if outcome.seconds else 0
        lines.append(
            f"  {tally.answered:,} commands in {outcome.seconds:.1f} s: {rate:,.0f}/s, p50 {_ms(tally.took, 0.5):.1f} ms, "
            f"p99 {_ms(tally.took, 0.99):.1f} ms; {tally.resent:,} sent again, {tally.lost_lines} lines lost"
        )
    lines += [f"  refused: {count:,} × {why}" for why, count in Counter(outcome.refused.values()).most_common()]
    if outcome.differences is not None:
        lines.append(_verdict(outcome))
        lines += [f"    {difference.told()}" for difference in outcome.differences[:DIFFERENCES_SHOWN]]
    lines.append(f"  Every line is accounted for in {path} and {path.with_suffix('.csv').name}")
    return "\n".join(lines)


def _verdict(outcome: Outcome) -> str:
    assert outcome.differences is not None
    others = f"; {outcome.foreign:,} rows of these items are other people's" if outcome.foreign else ""
    if outcome.differences:
        return f"  PROOF FAILED: {len(outcome.differences):,} differences{others}"
    return (
        f"  Proven: {outcome.cells:,} balances recomputed from the file alone equal the ledger ({outcome.rows:,} rows) "
        f"and the balance table, zero differences{others}"
    )


_HEAD = ("line", "fate", "reason", "became", "invoice", "stock_code", "quantity", "warehouse")
_Became = dict[int, tuple[str, str]]


def _became(found: Sequence[Sorted], plan: Plan, outcome: Outcome) -> _Became:
    """Line number -> (what became of it, warehouse)."""
    became = {each.line.number: ("skipped", "") for each in found}
    for number, event in enumerate(plan.events):
        what = f"refused: {outcome.refused[number]}" if number in outcome.refused else "done" if number < outcome.done else "not yet"
        became.update((line, (what, event.warehouse)) for line in event.numbers)
    return became


def _row(each: Sorted, became: _Became) -> Sequence[object]:
    line = each.line
    what, warehouse = became[line.number]
    return line.number, each.fate, each.reason, what, line.invoice, line.code, line.quantity, warehouse


def _summary(export: Export, found: Sequence[Sorted], plan: Plan, outcome: Outcome, became: _Became) -> dict[str, Any]:
    """Counts, and the numbers of all lines that moved nothing, by why."""
    skipped: dict[str, dict[str, list[int]]] = {}
    for each in found:
        if not each.fate.moves:
            skipped.setdefault(each.fate, {}).setdefault(each.reason, []).append(each.line.number)
    tally, differences = outcome.tally, outcome.differences
    return {
        "file": export.name,
        "digest": export.digest,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "lines": {
            "in": len(found),
            **{fate.value: sum(each.fate is fate for each in found) for fate in Fate},
            "done": sum(what == "done" for what, _ in became.values()),
            "refused": sum(what.startswith("refused") for what, _ in became.values()),
            "not_yet": sum(what == "not yet" for what, _ in became.values()),
        },
        "events": {"in": len(plan.events), "done": outcome.done, "refused": len(outcome.refused)},
        "refused": [
            {"invoice": plan.events[number].invoice, "why": why, "lines": plan.events[number].numbers}
            for number, why in sorted(outcome.refused.items())
        ],
        "skipped": skipped,
        "items": len(plan.goods),
        "warehouses": plan.warehouses,
        "opening_pieces": sum(plan.opening.values()),
        "commands": {
            "answered": tally.answered,
            "sent_again": tally.resent,
            "seconds": round(outcome.seconds, 3),
            "per_second": round(tally.answered / outcome.seconds, 1) if outcome.seconds else 0,
            "p50_ms": _ms(tally.took, 0.5),
            "p99_ms": _ms(tally.took, 0.99),
        },
        "proof": None
        if differences is None
        else {
            "balances": outcome.cells,
            "ledger_rows": outcome.rows,
            "rows_of_others": outcome.foreign,
            "differences": [difference.told() for difference in differences],
        },
    }


def _reasons(found: Sequence[Sorted], fate: Fate) -> str:
    counted = Counter(each.reason for each in found if each.fate is fate and each.reason)
    most = ", ".join(f"{reason} {count:,}" for reason, count in counted.most_common(10))
    return f"   {most}{', …' if len(counted) > 10 else ''}" if most else ""


def _ms(took: Sequence[float], share: float) -> float:
    ordered = sorted(took)
    return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1_000, 2) if ordered else 0.0
