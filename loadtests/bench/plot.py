"""The picture of a run: bars of the engine beside its peers, and the batch curve. Plain SVG, drawn here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from loadtests.bench.records import Record
from loadtests.bench.stage import HEADLINE

WIDTH = 880
_BAR, _GAP, _LEFT = 20, 6, 260
_TITLES = {"W1": "uniform", "W2": "Zipf", "W3": "one hot item", "W6": "one reservation per HTTP request", "W7": "many on one way"}
_EDGE = ("W6", "W7")


def drawn(records: Sequence[Record]) -> str:
    """The whole picture. Empty axes for what was not run."""
    parts: list[str] = []
    top = 20
    for workload, title in _TITLES.items():
        bars = list(_bars([each for each in records if each["id"] == workload]))
        if bars:
            parts += _chart(f"{workload}, {title}: commands per second", bars, top)
            top += 60 + len(bars) * (_BAR + _GAP)
    curves = {each["params"]["mode"]: each["figures"]["curve_us"] for each in records if each["id"] == "W8"}
    if curves:
        parts += _curves(curves, top)
        top += 320
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{top}" font-family="system-ui, sans-serif" font-size="13">\n'
        f'<rect width="100%" height="100%" fill="white"/>\n{body}\n</svg>\n'
    )


def _bars(mine: Sequence[Record]) -> Iterable[tuple[str, int, bool]]:
    """(label, commands per second, whether it is the engine) of one workload, the engine first."""
    for each in mine:
        if "callers" in each["params"] and (each["id"] in _EDGE or each["params"]["callers"] in (64, HEADLINE, 2_048)):
            yield f"engine, {each['params']['mode']}, {each['params']['callers']:,} callers", each["product"]["ops_s"], True
    peers = {name: peer for each in reversed(mine) for name, peer in each["peers"].items()}
    yield from ((f"{name} {peer['title']}", peer["ops_s"], False) for name, peer in peers.items())


def _chart(title: str, bars: Sequence[tuple[str, int, bool]], top: int) -> list[str]:
    most = max(rate for _, rate, _ in bars) or 1
    room = WIDTH - _LEFT - 90
    made = [f'<text x="10" y="{top + 14}" font-weight="bold">{escape(title)}</text>']
    for number, (label, rate, own) in enumerate(bars):
        y = top + 28 + number * (_BAR + _GAP)
        made.append(f'<text x="{_LEFT - 8}" y="{y + 15}" text-anchor="end">{escape(label)}</text>')
        width = round(room * rate / most)
        made.append(f'<rect x="{_LEFT}" y="{y}" width="{width}" height="{_BAR}" fill="{"#2a6f97" if own else "#b7b7a4"}"/>')
        made.append(f'<text x="{_LEFT + width + 6}" y="{y + 15}">{rate:,}</text>')
    return made


def _curves(curves: dict[str, dict[str, float]], top: int) -> list[str]:
    """Throughput over the size of the batch, a line for each mode."""
    rates = {mode: [(int(size), int(size) / us * 1e6) for size, us in curve.items()] for mode, curve in curves.items()}
    most = max(rate for line in rates.values() for _, rate in line)
    largest = max(size for line in rates.values() for size, _ in line)
    made = [f'<text x="10" y="{top + 14}" font-weight="bold">W8: commands per second over the size of a forced batch</text>']
    for number, (mode, line) in enumerate(rates.items()):
        points = " ".join(f"{60 + 740 * size / largest:.0f},{top + 280 - 240 * rate / most:.0f}" for size, rate in line)
        colour = ("#2a6f97", "#bc6c25")[number % 2]
        made.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>')
        size, rate = line[-1]
        made.append(
            f'<text x="{70 + 740 * size / largest:.0f}" y="{top + 284 - 240 * rate / most:.0f}" fill="{colour}">{escape(mode)}</text>'
        )
    made.append(f'<text x="60" y="{top + 300}">B = 1</text><text x="760" y="{top + 300}">{largest}</text>')
    made.append(f'<text x="10" y="{top + 44}">{most:,.0f}</text>')
    return made
