"""Two laws and their constants, by least squares: time of a batch over its size, and cost over a number that grows."""

from __future__ import annotations

import math
from collections.abc import Sequence


def line(points: Sequence[tuple[float, float]], weights: Sequence[float]) -> tuple[float, float]:
    """(intercept, slope) of the straight line with the least weighted squares. Needs two different x."""
    total = sum(weights)
    mean_x = sum(w * x for (x, _), w in zip(points, weights, strict=True)) / total
    mean_y = sum(w * y for (_, y), w in zip(points, weights, strict=True)) / total
    around = [(x - mean_x, y - mean_y, w) for (x, y), w in zip(points, weights, strict=True)]
    slope = sum(w * dx * dy for dx, dy, w in around) / sum(w * dx * dx for dx, _, w in around)
    return mean_y - slope * mean_x, slope


def batch_law(points: Sequence[tuple[float, float]], flush_us: float) -> dict[str, float]:
    """t0, L and r of T(B) = t0 + L + B·r from (B, microseconds).

    B tells t0 and L not apart, so L is the flush as measured on the same disk. Relative errors are weighed: a tenth of
    a lone command's time matters as much as a tenth of a full batch's.
    """
    base, per_command = line(points, [1 / took**2 for _, took in points])
    return {"t0_us": round(base - flush_us, 1), "L_us": round(flush_us, 1), "r_us": round(per_command, 2)}


def growth_slope(points: Sequence[tuple[float, float]]) -> float:
    """The exponent k of cost ~ n^k: slope of the line through the logarithms. 0: it does not grow; 1: it grows alike."""
    logs = [(math.log(n), math.log(cost)) for n, cost in points]
    return round(line(logs, [1.0] * len(logs))[1], 3)
