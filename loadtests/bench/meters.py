"""What the machine and the server say about a turn: processor time by process, log written, durability settings."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import asyncpg

_TICK_S = 1 / os.sysconf("SC_CLK_TCK")
_FLUSHES = 50


@dataclass(frozen=True, slots=True)
class Cpu:
    """Seconds of processor time so far: this process (the callers), the shard, PostgreSQL, and Ray's helpers."""

    callers: float
    shard: float
    postgres: float
    ray: float

    def per_op_us(self, before: Cpu, ops: int) -> dict[str, float]:
        """Microseconds of each per operation since `before`. Zero where a part has no process of its own."""
        spent = {name: getattr(self, name) - getattr(before, name) for name in ("callers", "shard", "postgres", "ray")}
        return {name: round(seconds / ops * 1e6, 1) if ops else 0.0 for name, seconds in spent.items()}


def cpu(shard_pid: int) -> Cpu:
    """Processor time of this process and everything below it. All zero where there is no /proc."""
    spent = {"callers": time.process_time(), "shard": 0.0, "postgres": 0.0, "ray": 0.0}
    for pid, name, seconds in _below(os.getpid()):
        kind = "shard" if pid == shard_pid else "postgres" if name == "postgres" else "ray"
        spent[kind] += seconds
    return Cpu(**spent)


async def wal_bytes(connection: asyncpg.Connection[asyncpg.Record]) -> int:
    """Bytes of log written since the server started."""
    return int(await connection.fetchval("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')"))


async def hot_percent(connection: asyncpg.Connection[asyncpg.Record]) -> float | None:
    """Share of balance updates that touched no index. None before the server has counted any."""
    row = await connection.fetchrow("SELECT n_tup_hot_upd, n_tup_upd FROM pg_stat_user_tables WHERE relname = 'stock_balances'")
    return round(100 * row["n_tup_hot_upd"] / row["n_tup_upd"], 1) if row and row["n_tup_upd"] else None


async def server(connection: asyncpg.Connection[asyncpg.Record], folder: Path) -> dict[str, Any]:
    """Version and durability settings as the server itself states them, and what a flush to its disk takes."""
    shown = {name: await connection.fetchval(f"SHOW {name}") for name in _SETTINGS}
    return {
        "version": shown["server_version"],
        "fsync": shown["fsync"],
        "sync_commit": shown["synchronous_commit"],
        "fpw": shown["full_page_writes"],
        "fdatasync_us": fdatasync_us(folder),
        "wal_sync_method": shown["wal_sync_method"],
        "shared_buffers": shown["shared_buffers"],
        "max_wal_size": shown["max_wal_size"],
    }


def fdatasync_us(folder: Path) -> float:
    """Median time to make 8 kB durable in the folder, in microseconds."""
    took = []
    with NamedTemporaryFile(dir=folder) as file:
        for _ in range(_FLUSHES):
            file.write(os.urandom(8192))
            file.flush()
            began = time.perf_counter()
            os.fdatasync(file.fileno())
            took.append(time.perf_counter() - began)
    return round(sorted(took)[_FLUSHES // 2] * 1e6, 1)


_SETTINGS = ("server_version", "fsync", "synchronous_commit", "full_page_writes", "wal_sync_method", "shared_buffers", "max_wal_size")


def _below(root: int) -> list[tuple[int, str, float]]:
    """(pid, name, seconds with those of its ended children) of every process that descends from `root`."""
    found = [state for entry in Path("/proc").glob("[0-9]*") if (state := _state(entry))]
    wanted, below = {root}, []
    for pid, parent, name, seconds in sorted(found):
        if parent in wanted:
            wanted.add(pid)
            below.append((pid, name, seconds))
    return below


def _state(entry: Path) -> tuple[int, int, str, float] | None:
    try:
        head, _, tail = (entry / "stat").read_text().rpartition(")")
    except OSError:
        return None
    fields = tail.split()
    ticks = sum(int(fields[place]) for place in (11, 12, 13, 14))
    return int(entry.name), int(fields[1]), head.partition("(")[2], ticks * _TICK_S
