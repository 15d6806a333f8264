"""Constants and slopes that come out of a fit are those that went in."""

from __future__ import annotations

import pytest

from loadtests.bench import fit


def test_finds_the_constants_of_the_batch_law() -> None:
    points = [(float(size), 900.0 + 25.0 * size) for size in (1, 4, 16, 64, 256)]
    assert fit.batch_law(points, 150.0) == {"t0_us": 750.0, "L_us": 150.0, "r_us": 25.0}


def test_lets_no_large_batch_drown_the_small_ones() -> None:
    points = [(1.0, 1_000.0), (2.0, 1_025.0), (1_000.0, 40_000.0)]
    assert fit.batch_law(points, 0.0)["t0_us"] == pytest.approx(965, abs=30)


@pytest.mark.parametrize(("power", "slope"), [(0.0, 0.0), (0.5, 0.5), (1.0, 1.0)])
def test_finds_how_a_cost_grows(power: float, slope: float) -> None:
    assert fit.growth_slope([(n, 7 * n**power) for n in (1e3, 1e4, 1e6)]) == pytest.approx(slope)
