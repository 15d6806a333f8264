"""What the machine and the server say about a turn: processor time by process, log written, durability settings."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import asyncpg

_TICK_S = 1 / os.sysconf("SC_CLK_TCK")
_FLUSHES = 50


@dataclass(frozen=True, slots=True)
class Cpu:
    """Seconds of processor time so far: this process (the callers and the desk, or a peer's clients), the shard,
    PostgreSQL, the Redis-compatible servers, Ray's helpers; and at the edge the web (or a peer's) and the clients."""

    callers: float
    shard: float
    postgres: float
    redis: float
    ray: float
    web: float
    clients: float

    def per_op_us(self, before: Cpu, ops: int) -> dict[str, float]:
        """Microseconds of each per operation since `before`. Zero where a part has no process of its own."""
        return {name: round((seconds - getattr(before, name)) / ops * 1e6, 1) if ops else 0.0 for name, seconds in asdict(self).items()}


def cpu(parts: Mapping[int, str]) -> Cpu:
    """Processor time of this process and everything below it; `parts` names processes by id. All zero where there is no /proc."""
    spent = {each.name: 0.0 for each in fields(Cpu)} | {"callers": time.process_time()}
    for pid, name, seconds in _below(os.getpid()):
        spent[parts.get(pid) or _SERVERS.get(name, "ray")] += seconds
    return Cpu(**spent)


async def wal_bytes(connection: asyncpg.Connection[asyncpg.Record]) -> int:
    """Bytes of log written since the server started."""
    return int(await connection.fetchval("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')"))


async def wal_syncs(connection: asyncpg.Connection[asyncpg.Record]) -> int:
    """Flushes of the log since the server started, by all its processes. Each reports at most once a second, and only
    after a transaction: let a second pass and send something before reading."""
    major = connection.get_server_version().major
    return int(await connection.fetchval(_SYNCS if major >= 18 else "SELECT wal_sync FROM pg_stat_wal"))


async def balance_updates(connection: asyncpg.Connection[asyncpg.Record]) -> tuple[int, int]:
    """(those that touched no index, all) updates of the engine's balances since the server started."""
    row = await connection.fetchrow(
        "SELECT n_tup_hot_upd, n_tup_upd FROM pg_stat_user_tables WHERE schemaname = 'public' AND relname = 'stock_balances'"
    )
    assert row is not None
    return row["n_tup_hot_upd"], row["n_tup_upd"]


def rss_mb(pid: int) -> float:
    """Resident memory of a process in MB. Zero where there is no /proc."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except OSError:
        return 0.0
    return round(pages * os.sysconf("SC_PAGE_SIZE") / 2**20, 1)


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
    """Median time to make 8 kB durable in the folder, in microseconds: written over what is there, as the server writes its
    log, because a file that grows costs its folder a write too."""
    took = []
    block = os.urandom(8192)
    with NamedTemporaryFile(dir=folder, buffering=0) as file:
        file.write(block * _FLUSHES)
        os.fsync(file.fileno())
        file.seek(0)
        for _ in range(_FLUSHES):
            file.write(block)
            began = time.perf_counter()
            os.fdatasync(file.fileno())
            took.append(time.perf_counter() - began)
    return round(sorted(took)[_FLUSHES // 2] * 1e6, 1)


_SERVERS = {"postgres": "postgres", "valkey-server": "redis", "redis-server": "redis"}
_SYNCS = "SELECT COALESCE(sum(fsyncs), 0)::bigint FROM pg_stat_io WHERE object = 'wal'"
_SETTINGS = ("server_version", "fsync", "synchronous_commit", "full_page_writes", "wal_sync_method", "shared_buffers", "max_wal_size")


def _below(root: int) -> list[tuple[int, str, float]]:
    """(pid, name, seconds with those of its ended children) of every process that descends from `root`."""
    below: dict[int, list[tuple[int, str, float]]] = {}
    for entry in Path("/proc").glob("[0-9]*"):
        if state := _state(entry):
            pid, parent, name, seconds = state
            below.setdefault(parent, []).append((pid, name, seconds))
    found, parents = [], [root]
    while parents:
        children = below.get(parents.pop(), [])
        found += children
        parents += [pid for pid, _, _ in children]
    return found


def _state(entry: Path) -> tuple[int, int, str, float] | None:
    try:
        head, _, tail = (entry / "stat").read_text().rpartition(")")
    except OSError:
        return None
    fields = tail.split()
    ticks = sum(int(fields[place]) for place in (11, 12, 13, 14))
    return int(entry.name), int(fields[1]), head.partition("(")[2], ticks * _TICK_S
