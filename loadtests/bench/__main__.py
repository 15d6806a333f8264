"""`python -m loadtests.bench` (`make bench`). Exit 0: measured and proven; 1: a ledger did not hold; 2: could not run."""

from __future__ import annotations

import argparse
import gc
import json
import sys
from dataclasses import replace
from pathlib import Path

import asyncpg
import uvloop

from actors.cluster import Cluster
from app.guardian import guarded
from app.settings import CannotStart
from loadtests.bench import engine, meters, plan, report
from loadtests.bench.ground import Ground, ground

RESULTS = Path(__file__).parent.parent / "results" / "bench.json"


def main() -> int:
    """Measure, prove, print, and write the records."""
    args = _arguments()
    size = plan.QUICK if args.quick else plan.Size()
    if args.seconds:
        size = replace(size, seconds=args.seconds)
    try:
        with ground() as place, engine.cluster(place) as ray:
            made, results = uvloop.run(_run(place, ray, size, args.quiet))
    except CannotStart as problem:
        print(problem, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nStopped; nothing was written.", file=sys.stderr)
        return 130
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text(json.dumps(made, indent=1) + "\n")
    print(report.printed(made, results))
    print(f"\nThe records are in {args.out}")
    return 1 if results.faults else 0


async def _run(place: Ground, ray: Cluster, size: plan.Size, quiet: bool) -> tuple[list[report.Record], plan.Results]:
    # What exists by now lives to the end; collecting it again and again would be measured with every operation.
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    connection = await asyncpg.connect(place.admin)
    try:
        server = await meters.server(connection, place.disk)
    finally:
        await connection.close()
    results = await plan.measure(place, ray, size, lambda line: None if quiet else print(line, flush=True))
    return report.records(results, size, server), results


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m loadtests.bench", description="The engine beside a lock per request and the raw insert limit."
    )
    parser.add_argument("--seconds", type=_positive, help=f"measured seconds of each turn ({plan.Size().seconds:g})")
    parser.add_argument("--quick", action="store_true", help="a few short turns, to see that it works")
    parser.add_argument("--quiet", action="store_true", help="no line per turn")
    parser.add_argument("--out", type=Path, default=RESULTS, metavar="FILE", help="where the records go")
    return parser.parse_args()


def _positive(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds <= 60:
        raise argparse.ArgumentTypeError("must be more than 0 and at most 60")
    return seconds


if __name__ == "__main__":
    sys.exit(guarded(main))
