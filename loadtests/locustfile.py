"""The scenarios for locust: `make load` runs this, and so may anyone who wants locust's own screen (docs/loadtests.md).

The goods are made before the first user comes. When the last has gone, what is open is settled and the stock is compared with the books.
"""

from __future__ import annotations

import json
import resource
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import gevent
from locust import events
from locust.env import Environment

from app.processes import end_with_parent
from app.sales.rest import Stuck
from loadtests.scenarios import company, flash_sale, goods
from loadtests.scenarios.asking import Asker
from loadtests.scenarios.books import Books
from loadtests.scenarios.dashboards import Screen
from loadtests.scenarios.flash_sale import Buyer
from loadtests.scenarios.receiving_dock import Dockhand
from loadtests.scenarios.shop import Shopper
from loadtests.scenarios.stage import Stage
from loadtests.scenarios.tills import Till
from loadtests.verdict import Check

__all__ = ["Buyer", "Dockhand", "Screen", "Shopper", "Till"]

LINE_S = 5.0
ERRORS_SHOWN = 20
end_with_parent()


def options(parser: ArgumentParser) -> None:
    """What locust is asked beside its own options."""
    parser.add_argument("--demo", default="var/demo.json", metavar="FILE", help="companies and their keys, as `onhand run` writes them")
    parser.add_argument("--report", default="", metavar="FILE", help="where the figures go")


def prepare(environment: Environment, **_: Any) -> None:
    """Make the goods before the clock runs."""
    asked = environment.parsed_options
    assert asked is not None
    books = Books()
    shelves = goods.stocked(company.read(Path(asked.demo)), books, asked.num_users or 100, asked.run_time or 60)
    environment.stage = Stage(shelves, books)  # type: ignore[attr-defined]


def begin(environment: Environment, **_: Any) -> None:
    """Say now and then how it goes."""
    _stage(environment).began = time.monotonic()
    gevent.spawn(_tell, environment)


def stop(environment: Environment, **_: Any) -> None:
    """The clock stands; users finish what they are at."""
    stage = _stage(environment)
    stage.seconds = time.monotonic() - stage.began
    count = environment.runner.user_classes_count if environment.runner else {}
    stage.users = {each.scenario: count.get(each.__name__, 0) for each in environment.user_classes if issubclass(each, Asker)}


def broke(user_instance: Any, exception: BaseException, **_: Any) -> None:
    """A scenario that breaks is a failure too: an answer was not what its code was written for."""
    user_instance.stage.books.counts["broken scenarios"] += 1
    name = f"{user_instance.scenario}: broken"
    user_instance.environment.events.request.fire(
        request_type="", name=name, response_time=0, response_length=0, exception=exception, context={}
    )


def close(environment: Environment, **_: Any) -> None:
    """Settle, compare, write down."""
    runner, asked = environment.runner, environment.parsed_options
    assert runner is not None and asked is not None
    runner.quit()
    checks = _checks(environment)
    environment.process_exit_code = 0
    if asked.report:
        Path(asked.report).write_text(json.dumps(_report(environment, checks)))


def _checks(environment: Environment) -> list[Check]:
    stage = _stage(environment)
    books = stage.books
    try:
        pending = books.settle()
        differences = books.differences(stage.shelves.run)
    except Stuck as problem:
        return [Check("stock is what the acknowledged commands add up to", str(problem), False)]
    agreed = f"{len(books.levels)} levels, {len(books.accepted):,} commands, {pending} asked again at the end"
    different = books.counts["repetitions answered differently"]
    return [
        Check("stock is what the acknowledged commands add up to", "; ".join(differences[:3]) or agreed, not differences),
        Check("a repeated key got the answer that was given", f"{different} got another", not different),
        *(flash_sale.checks(stage.shelves, books) if stage.users.get(Buyer.scenario) else []),
    ]


def _report(environment: Environment, checks: list[Check]) -> dict[str, Any]:
    stats, stage = environment.stats, _stage(environment)
    requests = [
        {
            "name": each.name,
            "count": each.num_requests,
            "failed": each.num_failures,
            "p50_ms": each.get_response_time_percentile(0.5),
            "p95_ms": each.get_response_time_percentile(0.95),
            "p99_ms": each.get_response_time_percentile(0.99),
        }
        for each in stats.entries.values()
    ]
    errors = sorted(stats.errors.values(), key=lambda each: -each.occurrences)[:ERRORS_SHOWN]
    return {
        "seconds": stage.seconds,
        "users": stage.users,
        "cpu_share": _cpu_s() / (stage.seconds or 1.0),
        "requests": requests,
        "errors": [{"name": each.name, "what": str(each.error), "times": each.occurrences} for each in errors],
        "checks": [each._asdict() for each in checks],
        "counts": dict(stage.books.counts),
    }


def _cpu_s() -> float:
    spent = resource.getrusage(resource.RUSAGE_SELF)
    return spent.ru_utime + spent.ru_stime


def _tell(environment: Environment) -> None:
    while True:
        gevent.sleep(LINE_S)
        total, passed = environment.stats.total, time.monotonic() - _stage(environment).began
        users = environment.runner.user_count if environment.runner else 0
        failed = f"{total.num_failures:,} failed" if total.num_failures else "none failed"
        rate = f"{total.num_requests:,} requests and events, {total.current_rps:.0f} a second"
        print(f"  {passed:4.0f} s  {users} users  {rate}, {failed}", flush=True)


def _stage(environment: Environment) -> Stage:
    found: Stage = environment.stage  # type: ignore[attr-defined]
    return found


_LISTENERS = {
    events.init_command_line_parser: options,
    events.init: prepare,
    events.test_start: begin,
    events.test_stopping: stop,
    events.user_error: broke,
    events.quitting: close,
}
for event, listener in _LISTENERS.items():
    event.add_listener(listener)  # type: ignore[no-untyped-call]
