"""A process that hosts shards behind a socket: plainly, or as Ray actors of a cluster of its own. Started by `owners.py`.

One connection carries one call: a byte for what is asked, a byte for the shard, the length, the message of bytes; back come a
byte for how it went and the answer. The shards are the product's own; what is done to them here (a rule that raises, one that
does not end, a small memory) is done from outside, before they begin.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from actors import cycle
from actors.cell import Memory
from actors.cluster import Cluster
from actors.desk import ShardLost
from actors.lease import Owner
from actors.local import POOL_SIZE, owner_name
from actors.shard import Shard
from app.processes import end_with_parent
from db.engine import make_pool
from inventory.ledger.messages import Reserve
from inventory.registry import HANDLERS
from kit.clock import now_us

SUBMIT, TEND = b"S", b"T"
ANSWERED, LOST = b"A", b"L"
POISON, SLOW = "poison", "slow"
"""References that a changed rule hears: it raises; it does not end before the file `gate` is there."""


class Options(msgspec.Struct):
    """What a host is told when it starts."""

    url: str
    port: int
    number: int
    shards: int
    ray: bool = False
    nodes: int = 0  # of the cluster, beside the one that the head is; 0 for a cluster that is one node
    resident_max: int = 0
    gate: str = ""


Call = Callable[[bytes, int, bytes], Awaitable[bytes]]


def main() -> None:
    """Host until told to end, or until fenced."""
    end_with_parent()
    options = msgspec.json.decode(sys.argv[1], type=Options)
    if options.ray:
        with _nodes(options.nodes) as address:
            cluster = Cluster(f"chaos-{os.getpid()}", address)
            cluster.start(options.url, options.shards, _no_hint)
            asyncio.run(_serve(options.port, _through(cluster)))
            cluster.stop(drain=False)
    else:
        asyncio.run(_plainly(options))


@contextmanager
def _nodes(count: int) -> Iterator[str | None]:
    """A cluster of several nodes on this machine, as Ray tests its own; where to join it. Actors go to the nodes that have cores."""
    if not count:
        yield None
        return
    os.environ["RAY_AUTH_MODE"] = "disabled"  # what joins them has no token yet
    from ray.cluster_utils import Cluster as Nodes

    small = {"object_store_memory": 80 * 2**20}
    nodes = Nodes(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False, **small})
    for _ in range(count):
        nodes.add_node(num_cpus=1, **small)
    try:
        yield nodes.address
    finally:
        nodes.shutdown()


async def _plainly(options: Options) -> None:
    if options.resident_max:
        cycle.RESIDENT_MAX = options.resident_max
    if options.gate:
        _change_rule(Path(options.gate))
    pool = await make_pool(options.url, POOL_SIZE)
    shard = Shard(pool, Owner(owner_name("chaos"), options.number, options.shards), now_us, _ignore, lambda: os._exit(1))

    async def call(what: bytes, number: int, message: bytes) -> bytes:
        if what == SUBMIT:
            return await shard.submit(message)
        cells = sum(len(thing.cells) for thing in gc.get_objects() if type(thing) is Memory)
        return msgspec.msgpack.encode([{**shard.stats(), "pid": os.getpid(), "cells": cells}])

    await _serve(options.port, call)


def _through(cluster: Cluster) -> Call:
    transports = cluster.transports()

    async def call(what: bytes, number: int, message: bytes) -> bytes:
        if what == SUBMIT:
            return await transports[number](message)
        return msgspec.msgpack.encode(await cluster.tend())

    return call


async def _serve(port: int, call: Call) -> None:
    over = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, over.set)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readexactly(6)
            message = await reader.readexactly(int.from_bytes(head[2:], "big"))
            try:
                status, answer = ANSWERED, await call(head[:1], head[1], message)
            except ShardLost as problem:
                status, answer = LOST, str(problem).encode()
            writer.write(status + len(answer).to_bytes(4, "big") + answer)
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass  # the caller has gone; what it sent is done all the same
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", port)
    await over.wait()
    server.close()


def _change_rule(gate: Path) -> None:
    """Make the rule for reservations fall over one reference and dwell on another."""
    handler = HANDLERS[Reserve]

    def decide(state: Any, command: Any, now: int) -> Any:
        if command.reference == POISON:
            raise ZeroDivisionError
        while command.reference == SLOW and not gate.exists():
            time.sleep(0.001)
        return handler.decide(state, command, now)

    HANDLERS[Reserve] = handler._replace(decide=decide)


def _no_hint() -> Callable[[int, int, int], None]:
    return _ignore


def _ignore(tenant: int, part: int, seq: int) -> None:
    """Nobody follows the ledger here."""


if __name__ == "__main__":
    main()
