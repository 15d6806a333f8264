"""The engine on Ray: each shard is an actor, an operating system process of its own that Ray restarts when it dies.

Ray gives placement and restart, not mutual exclusion, and a Ray error never means "not done": the epoch in Postgres and
the keys in the commands do the rest. Calls carry bytes, nothing is pickled that a client has influenced, and nothing is
retried by Ray (`max_task_retries=0`): the desk sends again, with the same keys.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import os
from collections.abc import Callable
from typing import Any

import msgspec

from actors.desk import Desk, ShardLost, Transport
from actors.lease import Owner
from actors.local import POOL_SIZE, owner_name
from actors.shard import Shard
from db.engine import make_pool
from kit.clock import now_us

CALL_S = 15.0
"""Longest wait for a shard's answer: a little more than the shard itself waits for a batch."""
CREATED_S = 120.0
TEND_S = 2.0
"""How often each shard is looked at: a restarted one begins its sweeping then, if no command came first."""

# Read by Ray when it is imported. Without them it prestarts an idle worker per core (130 MB each), offers itself to the
# network, reports its use, keeps a record of every call, and gives up on a busy machine.
QUIET = {
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
    "RAY_prestart_worker_first_driver": "0",
    "RAY_enable_worker_prestart": "0",
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_DEDUP_LOGS": "0",
    # Records of every call for a dashboard that we do not start.
    "RAY_task_events_report_interval_ms": "0",
    "RAY_event_stats": "0",
    "RAY_enable_metrics_collection": "0",
    "RAY_enable_timeline": "0",
    "RAY_raylet_start_wait_time_s": "120",  # a busy machine is slow, not broken
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}

_ACTOR = {"num_cpus": 0, "max_restarts": -1, "max_task_retries": 0, "max_concurrency": 1_000}
"""No core of its own (Ray would refuse to place more shards than cores), restarted for ever, nothing retried behind our back."""

MakeHint = Callable[[], Callable[[int, int, int], None]]
"""Builds, inside the shard's process, what tells others that a ledger has grown."""


class StockShard:
    """The actor: a shard that begins with the first call after Ray has (re)started its process."""

    def __init__(self, database_url: str, number: int, shards: int, make_hint: MakeHint) -> None:
        self._url = database_url
        self._number = number
        self._shards = shards
        self._make_hint = make_hint
        self._beginning: asyncio.Task[Shard] | None = None

    async def submit(self, message: bytes) -> bytes:
        """Answer a message (see `Shard.submit`)."""
        return await (await self._shard()).submit(message)

    async def tend(self) -> bytes:
        """Begin if not begun; return the shard's gauges as msgpack."""
        return msgspec.msgpack.encode({**(await self._shard()).stats(), "pid": os.getpid()})

    async def close(self) -> None:
        """Finish what has arrived."""
        await (await self._shard()).close()

    async def _shard(self) -> Shard:
        if self._beginning is None or (self._beginning.done() and self._beginning.exception()):
            self._beginning = asyncio.create_task(self._begin())
        return await asyncio.shield(self._beginning)

    async def _begin(self) -> Shard:
        pool = await make_pool(self._url, POOL_SIZE)
        # What exists by now lives as long as the process; collecting it again and again would stop every batch.
        gc.freeze()
        gc.set_threshold(50_000, 20, 50)
        owner = Owner(owner_name(f"shard-{self._number}"), self._number, self._shards)
        return Shard(pool, owner, now_us, self._make_hint(), _end_process)


class Cluster:
    """Ray as this process sees it. `start` is for the process that owns the shards, `attach` for those that use them."""

    def __init__(self, namespace: str, address: str | None = None) -> None:
        self._namespace = namespace
        self._address = address
        self._actors: list[Any] = []

    def start(self, database_url: str, shards: int, make_hint: MakeHint) -> str:
        """Start Ray (or join the one at `address`) and a shard actor for each number. Blocks; returns Ray's address.

        The actors live as long as this process.
        """
        self._init()
        import ray

        remote: Any = ray.remote(StockShard)
        self._actors = [
            remote.options(name=_name(number), get_if_exists=True, **_ACTOR).remote(database_url, number, shards, make_hint)
            for number in range(shards)
        ]
        ray.get([actor.tend.remote() for actor in self._actors], timeout=CREATED_S)
        return str(ray.get_runtime_context().gcs_address)

    def attach(self, shards: int) -> None:
        """Join the cluster at `address` and find its shards. Blocks."""
        self._init()
        import ray

        self._actors = [ray.get_actor(_name(number), namespace=self._namespace) for number in range(shards)]

    def transports(self) -> list[Transport]:
        """How a desk reaches the shards."""
        return [_transport(actor) for actor in self._actors]

    async def tend(self) -> list[dict[str, Any] | None]:
        """Gauges of each shard, None for one that does not answer."""
        return list(await asyncio.gather(*[_gauges(actor) for actor in self._actors]))

    def stop(self, drain: bool) -> None:
        """Let the shards finish what has arrived (if `drain`), then leave Ray; what `start` began ends with it."""
        import ray

        if drain and self._actors:
            done, _ = ray.wait([actor.close.remote() for actor in self._actors], num_returns=len(self._actors), timeout=6)
            del done
        ray.shutdown()

    def _init(self) -> None:
        os.environ.update({name: value for name, value in QUIET.items() if name not in os.environ})
        import ray

        local: dict[str, Any] = {} if self._address else {"num_cpus": 0, "object_store_memory": 80 * 2**20, "include_dashboard": False}
        ray.init(
            address=self._address or "local",
            namespace=self._namespace,
            log_to_driver=False,
            configure_logging=False,
            logging_level=logging.ERROR,
            **local,
        )


class ClusterEngine:
    """Desk of this process, and the task that looks after the shards."""

    def __init__(self, cluster: Cluster, hint: Callable[[int, int, int], None]) -> None:
        self._cluster = cluster
        self._hint = hint
        self.gauges: list[dict[str, Any] | None] = []

    async def start(self) -> Desk:
        """The desk that reaches the shards."""
        self.desk = Desk(self._cluster.transports(), self._hint)
        self._tending = asyncio.create_task(self._tend())
        return self.desk

    async def close(self) -> None:
        """Wait for what is under way."""
        self._tending.cancel()
        await self.desk.close()

    async def _tend(self) -> None:
        while True:
            self.gauges = await self._cluster.tend()
            await asyncio.sleep(TEND_S)


def _name(number: int) -> str:
    return f"stock-shard-{number}"


def _transport(actor: Any) -> Transport:
    async def carry(message: bytes) -> bytes:
        import ray

        try:
            async with asyncio.timeout(CALL_S):
                answer: bytes = await actor.submit.remote(message)
        except (ray.exceptions.RayError, TimeoutError) as problem:
            raise ShardLost(type(problem).__name__) from problem
        return answer

    return carry


async def _gauges(actor: Any) -> dict[str, Any] | None:
    import ray

    try:
        async with asyncio.timeout(TEND_S):
            answer: bytes = await actor.tend.remote()
    except (ray.exceptions.RayError, TimeoutError):
        return None
    gauges: dict[str, Any] = msgspec.msgpack.decode(answer)
    return gauges


def _end_process() -> None:
    os._exit(1)
