"""W0: the parts of a command one by one, in microseconds per command: the call, the codecs, the decision, the arrays, the statement.

Each is the median of many. The decision and the statement are the engine's own, on a company that this workload owns itself."""

from __future__ import annotations

import json
import pickle
import time
from collections.abc import Awaitable, Callable
from functools import partial
from statistics import median
from typing import Any

import asyncpg
import msgspec

from actors import commit, lease, loader
from actors.cell import Memory, decide_batch
from db.engine import make_pool
from inventory.ledger.messages import Command, Reserve, encode_command
from kit.clock import now_us
from loadtests.bench.echo import Echo
from loadtests.bench.ground import PLENTY, Company, found, openings
from loadtests.bench.messages import chooser, reserve_one
from loadtests.bench.records import Record, record, times
from loadtests.bench.stage import Stage

ID = "W0"
TITLE = "components, µs per command"
_BATCH = 64
_TIMES = 60
_ITEMS = 1_000
_OF_A_COMMAND = ("codec_msgspec", "decide", "arrays", "bind_and_send", "statement_64")
"""What every command of a batch costs once, in the shard or in the server."""


async def run(stage: Stage) -> list[Record]:
    """One record; its `figures` are the parts."""
    company = await found(stage.ground.ray, "parts", _ITEMS)
    stage.companies[company.slug] = (stage.ground.ray, company)
    pool = await make_pool(stage.ground.ray.engine, 2)
    try:
        parts = await _engine_parts(pool, company)
    finally:
        await pool.close()
    choose = chooser(company.items, "uniform")
    commands = [reserve_one(choose(), company.warehouse) for _ in range(_BATCH)]
    figures = {**await _calls(commands), **_codecs(commands), **parts}
    figures["sum"] = round(sum(figures[part] for part in _OF_A_COMMAND), 2)
    stage.say(f"{ID:<4}{len(figures)} parts")
    product = {"ops_s": round(1e6 / figures["sum"]), **times([])}
    return [record(stage, ID, {"batch": _BATCH, "items": _ITEMS}, product, [company.slug], figures=figures)]


async def _calls(commands: list[Reserve]) -> dict[str, float]:
    """A Ray call there and back, with messages of 0, 1 and 64 commands in and as many bytes out: µs per call."""
    took = {}
    async with Echo() as echo:
        for count in (0, 1, _BATCH):
            message = encode_command(commands[:count])
            took[f"ray_call_{count}"] = await _awaited_us(partial(echo.call, message))
    return took


def _codecs(commands: list[Reserve]) -> dict[str, float]:
    """There and back per command, as the engine does it and as others would."""
    packed = msgspec.msgpack.Encoder().encode
    unpacked = msgspec.msgpack.Decoder(list[Reserve]).decode
    plain = [{**msgspec.structs.asdict(each), "key_hash": each.key_hash.hex(), "body_hash": each.body_hash.hex()} for each in commands]
    jsonable = msgspec.to_builtins(plain)
    return {
        "codec_msgspec": _us(lambda: unpacked(packed(commands))),
        "codec_pickle": _us(lambda: pickle.loads(pickle.dumps(jsonable))),
        "codec_json": _us(lambda: json.loads(json.dumps(jsonable))),
    }


async def _engine_parts(pool: asyncpg.Pool[asyncpg.Record], company: Company) -> dict[str, float]:
    """Decide, transpose, commit; and the same commit under EXPLAIN ANALYZE, of small and of full batches."""
    memory = await lease.acquire(pool, company.tenant, 0, lease.Owner("bench", 0, 1))
    for opening in openings(company, PLENTY):
        await _step(pool, memory, [opening])
    choose = chooser(company.items, "uniform")
    steps = []
    for _ in range(_TIMES):
        steps.append(await _step(pool, memory, [reserve_one(choose(), company.warehouse) for _ in range(_BATCH)]))
    parts = {name: median(step[name] for step in steps) / _BATCH for name in steps[0]}
    explained = {f"statement_{size}": await _explained(pool, memory, company, size) for size in (_BATCH, 500)}
    return {name: round(us, 2) for name, us in (parts | explained).items()}


async def _step(pool: asyncpg.Pool[asyncpg.Record], memory: Memory, commands: list[Any]) -> dict[str, float]:
    """One batch from commands to committed; microseconds of its parts."""
    await loader.load(pool, memory, commands)
    began = time.perf_counter()
    batch = decide_batch(memory, commands, {}, now_us())
    decided = time.perf_counter()
    values = commit.arguments(memory, batch)
    arranged = time.perf_counter()
    cpu = time.process_time()
    async with pool.acquire() as connection:
        await commit.commit(connection, values)  # type: ignore[arg-type]
    bound = time.process_time() - cpu
    committed = time.perf_counter()
    return {
        "decide": (decided - began) * 1e6,
        "arrays": (arranged - decided) * 1e6,
        "bind_and_send": bound * 1e6,
        "commit_awaited": (committed - arranged) * 1e6,
    }


async def _explained(pool: asyncpg.Pool[asyncpg.Record], memory: Memory, company: Company, size: int) -> float:
    """What the server says that the statement of a batch takes, without the flush: µs per command, median of several."""
    choose = chooser(company.items, "uniform")
    took = []
    for _ in range(9):
        commands: list[Command] = [reserve_one(choose(), company.warehouse) for _ in range(size)]
        await loader.load(pool, memory, commands)  # type: ignore[arg-type]
        values = commit.arguments(memory, decide_batch(memory, commands, {}, now_us()))  # type: ignore[arg-type]
        async with pool.acquire() as connection:
            shown = await connection.fetchval(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {commit.STATEMENT}", *values)
        took.append(json.loads(shown)[0]["Execution Time"] * 1_000 / size)
    return float(median(took))


def _us(work: Callable[[], object]) -> float:
    """Median microseconds per command of a piece of work on a batch."""
    took = []
    for _ in range(_TIMES):
        began = time.perf_counter()
        work()
        took.append(time.perf_counter() - began)
    return round(median(took) * 1e6 / _BATCH, 2)


async def _awaited_us(work: Callable[[], Awaitable[object]]) -> float:
    took = []
    for _ in range(_TIMES):
        began = time.perf_counter()
        await work()
        took.append(time.perf_counter() - began)
    return round(median(took) * 1e6, 1)
