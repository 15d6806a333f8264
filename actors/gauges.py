"""What a shard counts about itself."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Gauges:
    """Totals since the shard started. `batch_sizes` counts batches by the power of two their size reaches.

    As of the last sweep, of the shard's partitions: how many are halted, and how many rows are not proven yet.
    """

    commands: int = 0
    batches: int = 0
    rows: int = 0
    recoveries: int = 0
    expired: int = 0
    failed: int = 0
    commit_us: int = 0
    batch_sizes: dict[int, int] = field(default_factory=dict)
    halted: int = 0
    unproven_rows: int = 0

    def count(self, commands: int, rows: int, commit_us: int) -> None:
        """Add one committed batch."""
        self.commands += commands
        self.batches += 1
        self.rows += rows
        self.commit_us += commit_us
        size = 1 << max(0, commands - 1).bit_length()
        self.batch_sizes[size] = self.batch_sizes.get(size, 0) + 1
