"""`python -m loadtests.bench` (`make bench`). Exit 0: measured and proven; 1: a ledger did not hold; 2: could not run."""

from __future__ import annotations

import argparse
import gc
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import uvloop

from actors.cluster import Cluster
from app.guardian import guarded
from app.settings import CannotStart
from loadtests.bench import engine, plot, report, workloads
from loadtests.bench.ground import Ground, ground
from loadtests.bench.records import Record, judge
from loadtests.bench.size import FULL, QUICK, SHORT, Size
from loadtests.bench.stage import proven, stage

RESULTS = Path(__file__).parent.parent / "results" / "bench.json"


def main() -> int:
    """Measure, prove, print, and write the records and the picture."""
    args = _arguments()
    try:
        with ground() as place, engine.cluster(place) as ray:
            records, faults = uvloop.run(_run(place, ray, args.size, args.only or list(workloads.ALL), args.quiet))
    except CannotStart as problem:
        print(problem, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nStopped; nothing was written.", file=sys.stderr)
        return 130
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text(json.dumps(records, indent=1) + "\n")
    picture = args.out.with_suffix(".svg")
    picture.write_text(plot.drawn(records))
    print(report.printed(records, faults))
    print(f"\nThe records are in {args.out}, the picture in {picture}")
    return 1 if faults else 0


async def _run(place: Ground, ray: Cluster, size: Size, chosen: Sequence[str], quiet: bool) -> tuple[list[Record], list[str]]:
    records: list[Record] = []
    async with stage(place, ray, size, lambda line: None if quiet else print(line, flush=True)) as ready:
        # What exists by now lives to the end; collecting it again and again would be measured with every operation.
        gc.freeze()
        gc.set_threshold(50_000, 20, 50)
        for name in chosen:
            await ready.refresh()
            records += await workloads.ALL[name].run(ready)
        ready.say("Proving every ledger row by row…")
        faults = await proven(ready)
    judge(records, faults)
    return records, [fault for found in faults.values() for fault in found]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m loadtests.bench", description="The engine beside what one would build instead.")
    parser.add_argument("only", nargs="*", metavar="WORKLOAD", help=f"some of {' '.join(workloads.ALL)}; without any, all")
    parser.set_defaults(size=SHORT)
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", dest="size", action="store_const", const=QUICK, help="only to see that it works")
    size.add_argument("--full", dest="size", action="store_const", const=FULL, help="hours instead of minutes: to publish")
    parser.add_argument("--quiet", action="store_true", help="no line per turn")
    parser.add_argument("--out", type=Path, default=RESULTS, metavar="FILE", help="where the records go; the picture goes beside it")
    args = parser.parse_args()
    if unknown := [name for name in args.only if name not in workloads.ALL]:
        parser.error(f"no workload {unknown[0]}: there are {' '.join(workloads.ALL)}")
    return args


if __name__ == "__main__":
    sys.exit(guarded(main))
