"""`python -m loadtests` (`make load`): load a whole system as shops do, and hold what it did against `targets/`.

Exit 0: every target met and every ledger proven; 1: something missed; 2: could not run; 130: stopped, with what there was by then.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from app.guardian import guarded
from app.processes import spawn_ours, wait_gone
from app.progress import say, table
from app.sales.drive import interruptible
from app.settings import CannotStart
from loadtests import place, verdict
from loadtests.place import Place
from loadtests.verdict import Check

SCENARIOS = {"tills": "Till", "shop": "Shopper", "dashboards": "Screen", "flash_sale": "Buyer", "receiving_dock": "Dockhand"}
HERE = Path(__file__).parent
USERS, SECONDS = 100, 60
SPAWN_S = 5
"""All users are there after so long."""
FINISH_S = 10
"""Users may finish what they are at for so long."""
CLOSE_S = 120.0
"""Settling and comparing after a stop takes no longer."""


def main() -> int:
    """Start, load, stop, prove, print."""
    args = _arguments()
    interruptible()
    try:
        promises = verdict.read(args.targets, args.scenarios)
        with _place(args) as where:
            report, stopped = _drive(where, args)
            checks = [Check(**each) for each in report["checks"]] + where.verified()
    except CannotStart as problem:
        print(problem, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nStopped; there is nothing to tell yet.", file=sys.stderr)
        return 130
    absent = [name for name in args.scenarios if not report["users"].get(name)]
    verdicts = verdict.judged({name: promise for name, promise in promises.items() if name not in absent}, report)
    _print(report, verdicts, checks)
    if absent:
        say(f"  Left out, because {args.users} users are too few to share: {', '.join(absent)}.")
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text(json.dumps({**report, "checks": [each._asdict() for each in checks]}, indent=1) + "\n")
    began = f"stopped after {report['seconds']:.0f} s; " if stopped else ""
    say(f"\n{began}{verdict.told(verdicts, checks)}")
    failed = any(each.missed for each in verdicts) or not all(each.ok for each in checks)
    return 130 if stopped else int(failed)


def _place(args: argparse.Namespace) -> AbstractContextManager[Place]:
    if not args.url:
        return place.own(args.engine)
    tenant, key = os.environ.get("TENANT", ""), os.environ.get("KEY", "")
    if not (tenant and key):
        raise CannotStart("A system elsewhere needs TENANT=… and KEY=… (an administrator's) beside URL=….")
    email, password = os.environ.get("EMAIL"), os.environ.get("PASSWORD")
    person = {"email": email, "password": password} if email and password else None
    if person is None and "dashboards" in args.scenarios:
        raise CannotStart('Dashboards need somebody who signs in: EMAIL=… and PASSWORD=…; or leave them out: S="tills shop".')
    return place.elsewhere(args.url, tenant, key, person)


def _drive(where: Place, args: argparse.Namespace) -> tuple[dict[str, Any], bool]:
    """Run the scenarios; the report, and whether somebody stopped them before the end. Raises CannotStart."""
    say(f"\n{args.users} users for {args.seconds} s at {where.url}: {', '.join(args.scenarios)}; load average {os.getloadavg()[0]:.1f}")
    report = where.folder / "report.json"
    options = {"-H": where.url, "-u": args.users, "-r": max(1, args.users / SPAWN_S), "-t": f"{args.seconds}s", "-s": FINISH_S}
    told = {"-f": HERE / "locustfile.py", "--demo": where.demo, "--report": report, **options}
    words = [str(word) for pair in told.items() for word in pair]
    classes = [SCENARIOS[name] for name in args.scenarios]
    locust = spawn_ours(["--headless", "--skip-log-setup", "--only-summary", *words, *classes], os.environ, None, module="locust")
    stopped = False
    try:
        locust.wait()
    except KeyboardInterrupt:
        stopped = True
        say("\nStopping; what was measured until now follows.")
        _stop(locust)
    if not report.exists():
        raise CannotStart(f"The scenarios ended with {locust.returncode} and left no figures; what they said stands above.")
    found: dict[str, Any] = json.loads(report.read_text())
    return found, stopped


def _stop(locust: subprocess.Popen[bytes]) -> None:
    """In order, so that what is under way is settled; a second Ctrl-C does not wait for that."""
    try:
        locust.terminate()
        wait_gone(locust, CLOSE_S)
    finally:
        if locust.poll() is None:
            locust.kill()
            locust.wait()


def _print(report: dict[str, Any], verdicts: Sequence[verdict.Verdict], checks: Sequence[Check]) -> None:
    say()
    table(verdict.HEAD, [each.cells() for each in verdicts])
    for error in report["errors"]:
        say(f"  {error['times']:,} × {error['name']}: {error['what']}")
    say()
    table(("check", "found", "verdict"), [(each.name, each.found, "ok" if each.ok else "BROKEN") for each in checks])
    counted = "; ".join(f"{name} {count:,}" for name, count in sorted(report["counts"].items()))
    say(f"\n  {counted}\n  The generator took {100 * report['cpu_share']:.0f} % of one of the {os.cpu_count()} cores.")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m loadtests", description="A whole system under the load of shops.")
    parser.add_argument("scenarios", nargs="*", metavar="SCENARIO", help=f"some of {' '.join(SCENARIOS)}; without any, all")
    parser.add_argument("--users", type=int, default=USERS, help="how many at once")
    parser.add_argument("--seconds", type=int, default=SECONDS, help="how long")
    parser.add_argument("--engine", choices=("ray", "local"), default="ray", help="where the shards of the system live")
    parser.add_argument("--url", default="", help="a system that runs elsewhere; TENANT, KEY, EMAIL and PASSWORD come from the environment")
    parser.add_argument("--targets", type=Path, default=HERE / "targets", metavar="DIR", help="what to hold the figures against")
    parser.add_argument("--out", type=Path, default=HERE / "results" / "load.json", metavar="FILE", help="where the figures go")
    args = parser.parse_args()
    if unknown := [name for name in args.scenarios if name not in SCENARIOS]:
        parser.error(f"no scenario {unknown[0]}: there are {' '.join(SCENARIOS)}")
    if args.users < 1 or args.seconds < 1:
        parser.error("at least one user for one second")
    args.scenarios = args.scenarios or list(SCENARIOS)
    return args


if __name__ == "__main__":
    sys.exit(guarded(main))
