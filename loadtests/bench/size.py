"""How much is measured: enough to see that it works, enough for a first look, or enough to publish."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EdgeSize:
    """The same of what goes through the web."""

    seconds: float  # of one measured turn
    sweep_seconds: float
    rounds: int
    connections: tuple[int, ...]  # W6; the first is what ratios are taken at
    pools: tuple[int, ...]  # of the naive route
    bulks: tuple[int, ...]  # W7: connections that send bulks
    sockets: tuple[int, ...]  # W7: sockets with 64 commands under way each
    readers: int  # W9: half of them over SSE
    companies: int
    changes_per_second: float
    feed_seconds: float  # of each part
    burst_lines: int
    overload_seconds: float
    overload_connections: int
    quiet_seconds: float  # W14: a quiet company, alone and beside each kind of flood


@dataclass(frozen=True, slots=True)
class Size:
    """Seconds of turns, repetitions, and how large the companies of each workload are."""

    name: str
    seconds: float  # of one measured turn
    sweep_seconds: float  # of a turn that only looks for a peer's best number of clients
    rounds: int  # there and back; an even number gives each the same places
    items: int
    callers: tuple[int, ...]
    clients: tuple[int, ...]  # of P1 and P2
    batches: tuple[int, ...]  # W8
    batch_seconds: float
    sellouts: tuple[int, ...]  # W3: stock at the start
    cold_items: tuple[int, ...]  # W11 and growth over items
    ledger_rows: tuple[int, ...]  # growth over ledger rows
    board_cells: int  # W10
    board_rows: int
    soak_seconds: float
    overload_seconds: float
    units_each: int  # P5: rows made beforehand per item
    units_hot: int
    log_mb: int  # of log written and recycled before anything is measured
    edge: EdgeSize


QUICK = Size(
    "quick", 0.15, 0.1, 1, 100, (1, 64), (4,), (1, 16, 64), 0.05, (100,), (100, 300), (300, 600), 300, 600, 1.0, 0.4, 100, 10_000, 0,
    EdgeSize(0.3, 0.2, 1, (8,), (2,), (2,), (1,), 12, 3, 20, 0.6, 5, 0.4, 16, 0.4),
)  # fmt: skip
"""Too little to believe a number."""

SHORT = Size(
    "short", 0.5, 0.15, 2, 10_000, (1, 512, 2_048), (2, 8, 32), (1, 4, 16, 64, 256, 1_000), 0.1, (1_000, 5_000),
    (1_000, 20_000), (20_000, 60_000), 20_000, 60_000, 3.0, 1.5, 10, 30_000, 1_200,
    EdgeSize(0.8, 0.3, 1, (100,), (4, 16), (4, 16), (2, 8), 200, 20, 200, 1.2, 100, 1.2, 150, 6.0),
)  # fmt: skip
"""All of it in five minutes, on two cores that have nothing else to do."""

FULL = Size(
    "full", 10.0, 2.0, 6, 10_000, (1, 64, 512, 2_048), (1, 2, 4, 8, 16, 32, 64), (1, 4, 16, 64, 256, 512, 1_000), 2.0, (1_000, 100_000),
    (1_000, 10_000, 100_000, 1_000_000), (100_000, 1_000_000, 10_000_000), 300_000, 1_000_000, 600.0, 60.0, 100, 400_000, 3_000,
    EdgeSize(10.0, 3.0, 6, (100, 500), (1, 2, 4, 8, 16, 32), (1, 4, 16), (1, 2, 4), 1_000, 50, 200, 60.0, 500, 60.0, 1_000, 60.0),
)  # fmt: skip
"""To publish: a few hours, some 30 GB of disk."""
