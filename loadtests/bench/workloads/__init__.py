"""The workloads of performance.md 3.2 that concern the engine and the edge, a file each: `ID`, `TITLE` and
`run(stage)`, which returns records.

They run in this order: what kills the shard comes after what measures it warm, and the long ones last.
"""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Protocol

from loadtests.bench.records import Record
from loadtests.bench.stage import Stage
from loadtests.bench.workloads import (
    growth,
    w0_components,
    w1_uniform,
    w2_zipf,
    w3_flash_sale,
    w4_mixed,
    w5_orders,
    w6_http,
    w7_bulk,
    w8_batches,
    w9_feed,
    w10_dashboards,
    w11_cold_start,
    w12_soak,
    w13_edge,
    w13_overload,
    w14_edge,
    w14_neighbour,
)


class Workload(Protocol):
    """What each of the modules is."""

    ID: str
    TITLE: str

    def run(self, stage: Stage) -> Awaitable[list[Record]]:
        """Measure."""
        ...


_MODULES: tuple[Workload, ...] = (
    w1_uniform,
    w2_zipf,
    w3_flash_sale,
    w4_mixed,
    w5_orders,
    w8_batches,
    w13_overload,
    w14_neighbour,
    w6_http,
    w7_bulk,
    w13_edge,
    w14_edge,
    w9_feed,
    w10_dashboards,
    w0_components,
    w11_cold_start,
    growth,
    w12_soak,
)
ALL: dict[str, Workload] = {module.ID: module for module in _MODULES}
