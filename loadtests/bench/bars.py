"""What was promised (performance.md 3.2) beside what this run measured: ratios, so that the machine does not matter."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from loadtests.bench.records import Record, ratio
from loadtests.bench.stage import HEADLINE

Look = Callable[["Found"], float]


class Found:
    """The records of a run, by workload; the one at the headline's number of callers where there are several."""

    def __init__(self, records: Sequence[Record]) -> None:
        self._records = records

    def __call__(self, workload: str) -> Record:
        """Raises LookupError when the workload was not run."""
        mine = [each for each in self.all(workload) if each["params"].get("mode", "ray") == "ray"]
        return next((each for each in mine if each["params"].get("callers") == HEADLINE), None) or mine[-1]

    def all(self, workload: str) -> Sequence[Record]:
        """Every record of the workload."""
        return [each for each in self._records if each["id"] == workload]


@dataclass(frozen=True, slots=True)
class Bar:
    """A promise: the value must be at least (or, if `most`, at most) the bar."""

    name: str
    bar: float
    look: Look
    most: bool = False

    def met(self, value: float) -> bool:
        """Whether the value keeps the promise."""
        return value <= self.bar if self.most else value >= self.bar


def _to_peer(workload: str, peer: str, bar: float) -> Bar:
    return Bar(f"{workload} / {peer}", bar, lambda found: float(found(workload)["ratios"][peer]))


def _rate(found: Found, workload: str) -> float:
    return float(found(workload)["product"]["ops_s"])


def _of_mode(found: Found, workload: str, mode: str) -> Record:
    """The record of this way to the engine, at the first number of callers. Raises LookupError when it was not run."""
    mine = [each for each in found.all(workload) if each["params"]["mode"] == mode]
    return mine[0]


def _figure(found: Found, workload: str, mode: str, name: str) -> float:
    return float(_of_mode(found, workload, mode)["figures"][name])


def _recovery(found: Found, workload: str, mode: str) -> float:
    took = _of_mode(found, workload, mode)["figures"]["recovered_s"]
    return float("inf") if took is None else float(took)


def _slope(found: Found, grows: str) -> float:
    mine = [each for each in found.all("growth") if each["params"]["grows"] == grows]
    return float(mine[-1]["figures"]["slope"])


BARS = (
    _to_peer("W1", "P1", 5),
    _to_peer("W1", "P2", 1.5),
    _to_peer("W1", "P4", 0.4),
    _to_peer("W2", "P1", 6),
    _to_peer("W2", "P4", 0.4),
    Bar("W2 / W1", 0.9, lambda found: ratio(_rate(found, "W2"), _rate(found, "W1"))),
    _to_peer("W3", "P1", 25),
    _to_peer("W3", "P2", 8),
    _to_peer("W3", "P4r", 0.35),
    _to_peer("W3", "P5", 5),
    _to_peer("W3", "P3", 0.5),
    _to_peer("W3", "P3d", 2),
    Bar("W4 / W2", 0.7, lambda found: ratio(_rate(found, "W4"), _rate(found, "W2"))),
    _to_peer("W5", "P1", 3),
    Bar("W5 lines / W2", 0.6, lambda found: ratio(found("W5")["figures"]["lines_s"], _rate(found, "W2"))),
    Bar("W8 r / r of P4r", 1.5, lambda found: float(found("W8")["figures"]["r_over_P4r"]), most=True),
    Bar("W12 HOT %", 95, lambda found: float(found("W12")["figures"]["hot_pct"])),
    Bar("W13 goodput / peak", 0.8, lambda found: float(found("W13")["figures"]["goodput_of_peak"])),
    Bar("W13 seconds to recover", 2, lambda found: _recovery(found, "W13", "ray"), most=True),
    Bar("W14 p99 beside / alone", 1.5, lambda found: float(found("W14")["figures"]["slower"]), most=True),
    Bar("W6 / P6", 0.8, lambda found: float(_of_mode(found, "W6", "http")["ratios"]["P6"])),
    Bar("W6 hot / naive", 4, lambda found: float(_of_mode(found, "W6", "hot")["ratios"]["naive"])),
    Bar("W6 p99 ms", 100, lambda found: float(_of_mode(found, "W6", "http")["product"]["p99"]), most=True),
    Bar("W6 p99 ms at 70 %", 100, lambda found: float(_of_mode(found, "W6", "http")["figures"]["open_loop"]["p99"]), most=True),
    Bar("W7 bulk / single", 4, lambda found: _figure(found, "W7", "bulk", "of_single")),
    Bar("W7 socket / single", 4, lambda found: _figure(found, "W7", "ws", "of_single")),
    Bar("W9 p99 ms", 250, lambda found: float(_of_mode(found, "W9", "feed")["product"]["p99"]), most=True),
    Bar("W9 beside slow readers", 1.1, lambda found: float(_of_mode(found, "W9", "feed")["figures"]["beside_slow"]["slower"]), most=True),
    Bar("W9 rows / P7", 0.5, lambda found: float(_of_mode(found, "W9", "feed")["ratios"]["P7"])),
    Bar("W9 lost or doubled", 0, lambda found: _figure(found, "W9", "feed", "lost_or_doubled"), most=True),
    Bar("W10 worst p95 ms", 100, lambda found: max(found("W10")["figures"]["beside_work"]["p95_ms"].values()), most=True),
    _to_peer("W10", "naive", 20),
    Bar("W10 work beside / alone", 0.9, lambda found: float(found("W10")["figures"]["beside_work"]["work_of_alone"])),
    Bar("W13-edge goodput / peak", 0.8, lambda found: _figure(found, "W13-edge", "http", "goodput_of_peak")),
    Bar("W13-edge s to recover", 2, lambda found: _recovery(found, "W13-edge", "http"), most=True),
    Bar("W13-edge acks lost", 0, lambda found: _figure(found, "W13-edge", "http", "acknowledged_lost"), most=True),
    Bar("W14-edge beside / alone", 1.5, lambda found: _figure(found, "W14-edge", "http", "slower"), most=True),
    Bar("W11 slope over items", 0.1, lambda found: float(found("W11")["figures"]["slope"]), most=True),
    Bar("slope over items", 0.1, lambda found: _slope(found, "items"), most=True),
    Bar("slope over ledger rows", 0.05, lambda found: _slope(found, "ledger_rows"), most=True),
)


def told(records: Sequence[Record]) -> Iterable[str]:
    """A line for each promise about something that was run."""
    found = Found(records)
    for bar in BARS:
        try:
            value = bar.look(found)
        except LookupError:
            continue
        yield f"  {bar.name:<26}{value:>10g}   {'at most' if bar.most else 'at least'} {bar.bar:g}{'' if bar.met(value) else '   MISSED'}"
