"""The whole way of a file: read, sort, plan, prepare, play, prove, report. Each step is idempotent, so the way can be begun again."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import uvloop

from app.progress import say
from app.sales import checkpoint, lines, plan, report, shop, sorting
from app.sales.checkpoint import Checkpoint
from app.sales.drive import Drive, interruptible
from app.sales.lines import Export
from app.sales.plan import Cell, Event, Plan
from app.sales.progress import progress
from app.sales.proof import Proof
from app.sales.report import Outcome
from app.sales.rest import PATIENCE_S, Rest, Stuck, Target
from app.sales.sorting import Sorted
from app.settings import CannotStart
from kit.clock import from_us

DONE, DIFFERS, STOPPED = 0, 1, 130


@dataclass(slots=True)
class Journey:
    """One replay of a file into a company. `days_per_second` 0 goes as fast as it can; reports go into `folder`."""

    target: Target
    path: Path
    folder: Path
    days_per_second: float = 0.0
    patience_s: float = PATIENCE_S

    def run(self) -> int:
        """Go the whole way. Raises CannotStart when it cannot begin, Stuck when it cannot go on."""
        export = lines.read(self.path)
        found = sorting.sort(export.lines, datetime.now(UTC))
        say(report.found_in(export, found))
        self.folder.mkdir(parents=True, exist_ok=True)
        kept_in = report.report_stem(self.folder, export.name, export.digest).with_suffix(".state.json")
        kept = checkpoint.load(kept_in, self.target.url, self.target.tenant)
        made = self._prepare(export, found, kept)
        outcome = Outcome(kept.done, kept.refused)
        try:
            finished = self._play(made, kept, kept_in, outcome)
            if finished:
                interruptible()
                self._prove(made, outcome)
        finally:
            path = report.written(self.folder, export, found, made, outcome)
        say(report.told(outcome, made, path))
        if not finished:
            say(f"Stopped at event {outcome.done:,} of {len(made.events):,}. Run the same command again to go on from there.")
            return STOPPED
        return DIFFERS if outcome.differences else DONE

    def _prepare(self, export: Export, found: list[Sorted], kept: Checkpoint) -> Plan:
        """The plan, with everything in place for its first event; or for the one after the last that was done."""
        rest = Rest(self.target, patience_s=1.0)  # a server that is not there is said at once
        try:
            there = shop.warehouses(rest)
        except Stuck as problem:
            raise CannotStart(str(problem)) from problem
        rest = Rest(self.target, self.patience_s)
        chosen = kept.warehouses if kept.warehouses and set(kept.warehouses) <= set(there) else there
        made = plan.make(export.digest, found, chosen)
        new = shop.missing(rest, made.goods)
        with progress("Items", len(new)) as advance:
            shop.make_items(self.target, new, made.digest, lambda count: advance(count, ""))
        mark = shop.claim(rest, made)
        if (mark.chain, chosen) != (kept.chain, kept.warehouses):
            kept.done, kept.refused = 0, {}
            with progress("Opening stock", len(made.opening)) as advance:
                shop.stock_up(rest, made, lambda count: advance(count, ""))
        kept.chain, kept.warehouses = mark.chain, chosen
        rest.close()
        return made

    def _play(self, made: Plan, kept: Checkpoint, kept_in: Path, outcome: Outcome) -> bool:
        """All events from the checkpoint on; False when stopped before the end."""
        total = sum(len(event.numbers) for event in made.events)
        before = sum(len(event.numbers) for event in made.events[: kept.done])
        began = time.monotonic()
        with progress("Sales lines", total, before) as advance:

            def happened(event: Event) -> None:
                rate = outcome.tally.answered / max(0.001, time.monotonic() - began)
                advance(len(event.numbers), f"{from_us(event.at_us):%Y-%m-%d}  {rate:,.0f} commands/s")

            try:
                drive = Drive(self.target, made, kept, kept_in, outcome.tally, self.days_per_second, self.patience_s)
                return uvloop.run(drive.run(happened))
            finally:
                outcome.done, outcome.refused, outcome.seconds = kept.done, kept.refused, time.monotonic() - began

    def _prove(self, made: Plan, outcome: Outcome) -> None:
        """Read back balances and ledger, and compare them with the file."""
        rest = Rest(self.target, self.patience_s)
        proof = Proof(plan.expected(made, outcome.refused), plan.prefix(made.digest))
        for page in rest.pages("stock/levels"):
            proof.levels(page)
        head = int(rest.get("stock/ledger", limit=1)["as_of_seq"])
        with progress("Proof", head) as advance:
            for page in rest.pages("stock/ledger", before=head + 1):
                proof.ledger(page)
                advance(len(page), "")
        rest.close()
        outcome.cells, outcome.rows, outcome.foreign = len(proof.expected), proof.rows, proof.foreign
        outcome.differences = proof.differences(_held(made, outcome.refused))


def _held(made: Plan, refused: Mapping[int, str]) -> dict[Cell, int]:
    """Pieces that stay promised because a sale was reserved and then could not be committed."""
    held: Counter[Cell] = Counter()
    for number, why in refused.items():
        event = made.events[number]
        if why.startswith("commit:"):
            for sku, pieces in event.lines:
                held[sku, event.warehouse] += pieces
    return dict(held)
