"""`python -m tests.chaos` (`make chaos`): every case of the catalogue in full size. Exit 0: every promise held; 1: one did not."""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import random
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import structlog

from tests.chaos.case import Result, carry_out
from tests.chaos.catalogue import CASES
from tests.chaos.places import place

RESULTS = Path(__file__).parents[2] / "loadtests" / "results" / "chaos.json"


def main() -> int:
    """Carry out the cases, print the table, write the results."""
    args = _arguments()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))  # what fails here is meant to
    chosen = [case for case in CASES if not args.cases or case.number in args.cases]
    print(f"{len(chosen)} cases, seed {args.seed}", flush=True)
    results = []
    with place() as where:
        for case in chosen:
            results.append(asyncio.run(carry_out(case, where, not args.quick, args.seed)))
            print(_line(results[-1]), flush=True)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    record = {"git": _revision(), "seed": args.seed, "full": not args.quick, "cases": [asdict(result) for result in results]}
    args.out.write_text(json.dumps(record, indent=1) + "\n")
    broken = sum(bool(result.broken) for result in results)
    print(f"\n{len(results) - broken} held, {broken} did not. The results are in {args.out}")
    return 1 if broken else 0


def _line(result: Result) -> str:
    facts = ", ".join(f"{name} {value}" for name, value in result.facts.items())
    told = "".join(f"\n      {line}" for line in result.broken)
    return f"{result.number:>4} {'held' if not result.broken else 'BROKEN':<6} {result.seconds:>6.1f} s  {result.title} ({facts}){told}"


def _revision() -> str:
    told = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=False)
    return told.stdout.strip()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description="Faults, done to real parts under load.")
    parser.add_argument("cases", nargs="*", metavar="CASE", help="numbers such as A3; without any, all")
    parser.add_argument("--quick", action="store_true", help="in the size of the tests")
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000), help="of the load; printed, so that a run can be repeated")
    parser.add_argument("--out", type=Path, default=RESULTS, metavar="FILE", help="where the results go")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
