"""What a run of `onhand verify` found, in words and as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from inventory.ledger.proof import BEARABLE, DERIVED, Fault, Record
from jobs.anchors import Anchors, Partition
from jobs.facts import FACTS
from jobs.passes import Verdict
from jobs.rebuild import Rebuilt

CHANGES_MAX = 20
SHOWN_MAX = 5
"""Faults of a partition told to people; programs get all of them."""


@dataclass(frozen=True, slots=True)
class Report:
    """What came of a run: a verdict for each partition with the slug of its company, and what is wrong with the anchors. `rebuilds`:
    what was, or could be, made anew from the rows. `vouched`: where rows themselves are at fault, the last one that an anchor vouches
    for before that."""

    verdicts: list[tuple[str, Verdict]]
    anchors: list[str]
    rebuilds: Mapping[Partition, Rebuilt] = field(default_factory=dict)
    vouched: Mapping[Partition, int] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        return not self.anchors and not any(each.faults or each.halted for _, each in self.verdicts)


def vouched(known: Anchors, verdicts: list[tuple[str, Verdict]]) -> dict[Partition, int]:
    """Of partitions whose rows are at fault: the last anchored row before the first fault of a row, 0 for none."""
    found = {}
    for _, each in verdicts:
        if each.rows_at_fault:
            first = min(fault.seq for fault in each.faults if fault.rule not in BEARABLE | DERIVED)
            found[each.partition] = max([seq for seq, _ in known.of(each.partition) if seq < first], default=0)
    return found


def shown(report: Report) -> Mapping[str, Any]:
    """The findings for programs."""
    return {
        "ok": report.ok,
        "anchors": report.anchors,
        "partitions": [
            {
                **_shown_verdict(slug, each),
                "rebuild": _shown_rebuild(report.rebuilds.get(each.partition)),
                "vouched_seq": report.vouched.get(each.partition),
            }
            for slug, each in report.verdicts
        ],
    }


def _shown_verdict(slug: str, found: Verdict) -> Mapping[str, Any]:
    return {
        "tenant": slug,
        "part": found.partition[1],
        "of": "facts" if found.partition[1] == FACTS else "stock",
        "since": found.since,
        "seq": found.seq,
        "head": found.head.hex(),
        "ok": not found.faults,
        "halted": found.halted and {"rule": found.halted[0], "seq": found.halted[1]},
        "faults": [
            {"rule": fault.rule, "seq": fault.seq, **fault.found, "neighbours": _neighbours(found, fault)} for fault in found.faults
        ],
    }


def _shown_rebuild(rebuilt: Rebuilt | None) -> Mapping[str, Any] | None:
    """What was or could be made anew, in the rows' own terms: ids and millionths, as faults are shown."""
    if rebuilt is None:
        return None
    changes = [{"table": each.table, **each.of, "kept": each.kept, "rows": each.rows} for each in rebuilt.changes]
    return {"done": rebuilt.done, "holds": rebuilt.verdict.broken is None, "changes": changes}


def _neighbours(found: Verdict, fault: Fault) -> list[Mapping[str, Any]]:
    """The rows before, at and after a fault, as far as there are any."""
    rows: list[Record] = [found.neighbours[seq] for seq in range(fault.seq - 1, fault.seq + 2) if seq in found.neighbours]
    return [{"seq": row["seq"], "epoch": row["epoch"], "hash": row["hash"].hex()} for row in rows]


def told(report: Report) -> str:
    """The findings for people."""
    lines = [f"anchors: {problem}" for problem in report.anchors]
    for slug, found in report.verdicts:
        lines += _told_verdict(slug, found)
        if found.partition in report.rebuilds:
            lines += _told_rebuild(slug, report.rebuilds[found.partition])
        if found.partition in report.vouched:
            vouched = report.vouched[found.partition]
            lines.append("  rows themselves are at fault, so nothing can be made anew from them: restore a backup and compare.")
            lines.append(f"  Anchors vouch for the rows up to #{vouched}." if vouched else "  No anchor vouches for any row before that.")
    return "\n".join(lines) or "No ledger yet: nothing has moved."


def _told_verdict(slug: str, found: Verdict) -> list[str]:
    rows = f"#{found.since + 1} to #{found.seq}" if found.seq > found.since else f"nothing new since #{found.seq}"
    verdict = "all of it holds" if not found.faults else f"{len(found.faults)} faults, the first at #{found.faults[0].seq}"
    part = "facts" if found.partition[1] == FACTS else found.partition[1]
    lines = [f"{slug}.{part}: {rows}, {verdict}"]
    if found.halted:
        lines.append(f"  halted at #{found.halted[1]} ({found.halted[0]}): nothing is written until `onhand verify --resume {slug}`")
    for fault in found.faults[:SHOWN_MAX]:
        lines.append(f"  #{fault.seq} {fault.rule}: {dict(fault.found)}")
        lines += [f"    #{row['seq']} epoch {row['epoch']} {row['hash']}" for row in _neighbours(found, fault)]
    return lines


def _told_rebuild(slug: str, rebuilt: Rebuilt) -> list[str]:
    if rebuilt.done:
        head = f"  made anew from the rows ({len(rebuilt.changes)}):"
    elif rebuilt.verdict.broken is None:
        head = f"  the rows prove; `onhand verify --resume {slug} --rebuild` would make anew from them ({len(rebuilt.changes)}):"
    else:
        broken = rebuilt.verdict.broken.rule
        head = f"  nothing is changed: made anew from the rows it would still not hold ({broken}); it would be ({len(rebuilt.changes)}):"
    changes = [f"    {each.table} {dict(each.of)}: {each.kept} -> {each.rows}" for each in rebuilt.changes[:CHANGES_MAX]]
    more = len(rebuilt.changes) - len(changes)
    return [head, *changes, *([f"    and {more} more (`--json` tells all)"] if more else [])]
