"""The whole way of a file: read, sort, plan, prepare, order and receive, prove, report. It can be begun again at any time."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from app.progress import say
from app.purchases import lines, plan, report, shop, sorting
from app.purchases.plan import OrderPlan, Plan
from app.purchases.play import Placed, place
from app.purchases.proof import Proof
from app.purchases.report import Outcome
from app.sales.journey import DIFFERS, DONE
from app.sales.many import at_once
from app.sales.progress import progress
from app.sales.rest import PATIENCE_S, Rest, Stuck, Target
from app.settings import CannotStart


@dataclass(slots=True)
class Journey:
    """One import of a file into a company; reports go into `folder`."""

    target: Target
    path: Path
    folder: Path
    patience_s: float = PATIENCE_S

    def run(self) -> int:
        """Go the whole way. Raises CannotStart when it cannot begin, Stuck when it cannot go on."""
        history = lines.read(self.path)
        found = sorting.sort(history.lines, datetime.now(UTC).date())
        made = plan.make(history.digest, found)
        say(report.found_in(history, found, made))
        self.folder.mkdir(parents=True, exist_ok=True)
        outcome = Outcome()
        try:
            self._prepare(made)
            self._play(made, outcome)
            self._prove(made, outcome)
        finally:
            path = report.written(self.folder, history, found, made, outcome)
        say(report.told(outcome, made, path))
        return DIFFERS if outcome.differences or any(each.refused for each in outcome.placed) else DONE

    def _prepare(self, made: Plan) -> None:
        """Warehouses, suppliers, items and their packs are there."""
        first = Rest(self.target, patience_s=1.0)  # a server that is not there is said at once
        try:
            first.get("inventory/warehouses")
        except Stuck as problem:
            raise CannotStart(str(problem)) from problem
        first.close()
        rest = Rest(self.target, self.patience_s)
        steps = shop.missing(rest, made)
        rest.close()
        with progress("Things", sum(map(len, steps))) as advance:
            for things in steps:
                shop.make(self.target, things, lambda count: advance(count, ""))

    def _play(self, made: Plan, outcome: Outcome) -> None:
        """All orders, each to its last receipt; those that stand already go on from where they are."""
        there = self._read(made).orders
        began = time.monotonic()
        with progress("Orders", len(made.orders)) as advance:

            def act(rest: Rest, order: OrderPlan) -> Placed:
                return place(rest, order, _drawn(there.get(order.mark)))

            def done(placed: Placed) -> None:
                outcome.placed.append(placed)
                advance(1, f"{len(outcome.placed) / max(0.001, time.monotonic() - began):,.0f} orders/s")

            try:
                at_once(self.target, made.orders, act, done)
            finally:
                outcome.seconds = time.monotonic() - began

    def _prove(self, made: Plan, outcome: Outcome) -> None:
        """Read back orders, receipts and lead times, compare them with the file, and give suppliers what was measured."""
        proof, days = self._read(made, receipts=True), plan.lead_times(made)
        rest = Rest(self.target, self.patience_s)
        outcome.differences = [*proof.differences(days), *shop.measured_apart(rest, days, proof.foreign)]
        outcome.lines, outcome.receipts = proof.lines, proof.receipts
        outcome.lead_times = shop.time_suppliers(rest, made)
        rest.close()

    def _read(self, made: Plan, receipts: bool = False) -> Proof:
        rest, proof = Rest(self.target, self.patience_s), Proof(made)
        for page in rest.pages("purchasing/orders"):
            proof.ordered(page)
        if receipts:
            for page in rest.pages("purchasing/receipts"):
                proof.received(page)
        rest.close()
        return proof


def _drawn(there: Any) -> dict[str, Any] | None:
    return None if there is None else dict(there)
