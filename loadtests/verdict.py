"""What was promised (`targets/`) beside what was measured, request by request. Pure, but for reading the files."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, NamedTuple

from app.settings import CannotStart

HEAD = ("request", "count", "per second", "p50 ms", "p95 ms", "p99 ms", "failed %", "verdict")


class Check(NamedTuple):
    """Something that must be so whatever the load: what, how it was found, and whether that is right."""

    name: str
    found: str
    ok: bool


@dataclass(frozen=True, slots=True)
class Target:
    """What one request of a scenario was promised to do. Times are what the user waits; `source` says where the numbers come from."""

    p95_ms_max: float
    p99_ms_max: float
    failed_share_max: float
    per_second_min: float
    source: str


@dataclass(frozen=True, slots=True)
class Promise:
    """The targets of a scenario, by request. `per_second_min` of each holds for so many `users`, and grows with them."""

    users: int
    requests: Mapping[str, Target]


@dataclass(frozen=True, slots=True)
class Measured:
    """What one request did."""

    count: int = 0
    failed: int = 0
    p50_ms: float = 0.0
    p95_ms: float = 0.0
    p99_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """One request: its figures beside its target (None: nobody promised anything about it), and which of them it missed."""

    name: str
    measured: Measured
    per_second: float
    per_second_min: float
    target: Target | None
    missed: tuple[str, ...]

    def cells(self) -> tuple[str, ...]:
        """A row under HEAD; targets stand after the figures."""
        found, target = self.measured, self.target
        if target is None:
            shown = (
                f"{self.per_second:.1f}",
                f"{found.p50_ms:.0f}",
                f"{found.p95_ms:.0f}",
                f"{found.p99_ms:.0f}",
                f"{100 * _share(found):.1f}",
            )
        else:
            shown = (
                f"{_rate(self.per_second)} ≥ {_rate(self.per_second_min)}",
                f"{found.p50_ms:.0f}",
                f"{found.p95_ms:.0f} ≤ {target.p95_ms_max:g}",
                f"{found.p99_ms:.0f} ≤ {target.p99_ms_max:g}",
                f"{100 * _share(found):.1f} ≤ {100 * target.failed_share_max:g}",
            )
        return (self.name, f"{found.count:,}", *shown, f"MISSED {', '.join(self.missed)}" if self.missed else "ok")


def read(folder: Path, scenarios: Iterable[str]) -> dict[str, Promise]:
    """The promises of these scenarios, each in a file of its own. Raises CannotStart naming what is wrong in which file."""
    return {scenario: _promise(folder / f"{scenario}.toml") for scenario in scenarios}


def judged(promises: Mapping[str, Promise], report: Mapping[str, Any]) -> list[Verdict]:
    """A verdict for each request that was promised or made, in the order of the promises."""
    seconds, users = report["seconds"], report["users"]
    found = {each["name"]: Measured(**{name: value or 0 for name, value in each.items() if name != "name"}) for each in report["requests"]}
    verdicts = []
    for scenario, promise in promises.items():
        for request, target in promise.requests.items():
            name = f"{scenario}: {request}"
            least = target.per_second_min * users.get(scenario, 0) / promise.users
            verdicts.append(_verdict(name, found.pop(name, Measured()), seconds, least, target))
    return verdicts + [_verdict(name, measured, seconds, 0.0, None) for name, measured in sorted(found.items())]


def told(verdicts: Sequence[Verdict], checks: Sequence[Check]) -> str:
    """All of it in one line."""
    missed, broken = sum(bool(each.missed) for each in verdicts), sum(not each.ok for each in checks)
    if not missed and not broken:
        return f"ok: all {len(verdicts)} requests met their targets, all {len(checks)} checks hold"
    return f"MISSED: {missed} of {len(verdicts)} requests missed a target, {broken} of {len(checks)} checks do not hold"


def _verdict(name: str, found: Measured, seconds: float, least: float, target: Target | None) -> Verdict:
    rate = found.count / seconds if seconds else 0.0
    if target is None:
        return Verdict(name, found, rate, 0.0, None, ("no target",))
    looks = {
        "per second": rate >= least and found.count > 0,
        "p95": found.p95_ms <= target.p95_ms_max,
        "p99": found.p99_ms <= target.p99_ms_max,
        "failed": _share(found) <= target.failed_share_max,
    }
    return Verdict(name, found, rate, least, target, tuple(what for what, met in looks.items() if not met))


def _rate(per_second: float) -> str:
    return f"{per_second:.1f}" if per_second >= 1 else f"{per_second:.2f}"


def _share(found: Measured) -> float:
    return found.failed / found.count if found.count else 0.0


def _promise(path: Path) -> Promise:
    try:
        told = tomllib.loads(path.read_text())
        users = int(told.pop("users"))
        return Promise(users, {name: Target(**each) for name, each in told.items()})
    except FileNotFoundError:
        raise CannotStart(f"There are no targets for {path.stem}: {path} is missing.") from None
    except (tomllib.TOMLDecodeError, TypeError, KeyError, ValueError) as problem:
        wanted = ", ".join(each.name for each in fields(Target))
        raise CannotStart(f"{path} cannot be read ({problem}). It has `users`, and for each request {wanted}.") from None
