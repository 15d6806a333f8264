"""Group C of the catalogue, Redis and feeds: hints lost, readers slow, readers all at once, readers that lie."""

from __future__ import annotations

import asyncio
import random
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import orjson
from websockets.asyncio.client import connect

from tests.chaos.cache import cache, carelessly
from tests.chaos.case import Run, case
from tests.chaos.owners import MARK
from tests.chaos.readers import LATE_S, Reader, Work, level, stuck, working
from tests.people import Person, World
from tests.webs import Web, faults, people

MEMORY_MAX_MB = 700
"""What the web process may come to with all readers of the full size, the slow ones among them."""


@case("C39", "Redis killed with -9 and away, then back and emptied", limit_s=200)
async def redis_killed(run: Run) -> None:
    """Commands go on, feeds look by themselves; the log says once that it went."""
    async with cache() as redis, pair(run, redis.url, redis.url) as (world, asked, followed), watched(asked, followed, world.alice) as work:
        await work.done(20)
        redis.kill()
        await asyncio.sleep(run.size(3, 60))
        await work.done(20)
        redis.start()
        await asyncio.sleep(run.size(3, 10))
        await redis.say("FLUSHALL")
        await work.done(20)
        lost = [web.noted("redis_lost") for web in (asked, followed)]
        assert lost == [1, 1], lost
        run.facts |= {"changes": len(work.answered), "latest s": round(work.latest, 1)}


@case("C40", "one hint in ten lost, one in five doubled, all late and in any order", limit_s=120)
async def hints_spoilt(run: Run) -> None:
    """Nothing is missed and nothing comes twice: hints only say that it is worth looking."""
    async with (
        cache() as one,
        cache() as two,
        carelessly(one, two, run.seed) as told,
        pair(run, one.url, two.url) as (world, asked, followed),
        watched(asked, followed, world.alice) as work,
    ):
        await work.done(run.size(150, 2_000))
        assert told["lost"] > 0 and told["doubled"] > 0
        run.facts |= {
            "changes": len(work.answered),
            "hints lost": told["lost"],
            "doubled": told["doubled"],
            "latest s": round(work.latest, 1),
        }


@case("C41", "Redis stands still: SIGSTOP, and CLIENT PAUSE", limit_s=120)
async def redis_paused(run: Run) -> None:
    """No command waits for it: they are answered while it stands."""
    async with cache() as redis, pair(run, redis.url, redis.url) as (world, asked, followed), watched(asked, followed, world.alice) as work:
        for _ in range(run.size(1, 4)):
            await work.done(10)
            redis.signal(signal.SIGSTOP)
            await work.done(50)
            await asyncio.sleep(run.size(2, 8))
            redis.signal(signal.SIGCONT)
            await redis.say("CLIENT", "PAUSE", "3000", "ALL")
            await work.done(20)
        run.facts |= {"changes": len(work.answered), "latest s": round(work.latest, 1)}


@case("C42", "readers that take nothing, one in twenty", limit_s=240)
async def slow_readers(run: Run) -> None:
    """The others get every row in order; memory stays bounded; the slow ones are cut."""
    count = run.size(40, 1_000)
    async with pair(run, None, None) as (world, asked, _):
        readers = [Reader(asked, world.alice) for _ in range(count - count // 20)]
        await _opened(readers)
        before = await _lateness(asked, world.alice, readers, run.size(20, 100))
        slow = [stuck(asked, world.alice) for _ in range(count // 20)]
        await asyncio.sleep(1)
        beside = await _lateness(asked, world.alice, readers, run.size(20, 100))
        async with working(asked, world.alice, pause_s=0.0, cups=50) as filling:
            await filling.done(run.size(10, 100))
        await level(readers, filling.last)
        for reader in readers:
            assert reader.seqs == list(range(1, len(reader.seqs) + 1)) and not reader.resyncs
            await reader.close()
        memory = _memory_mb(asked)
        assert memory < MEMORY_MAX_MB, memory
        for line in slow:
            line.close()
        run.facts |= {"readers": count, "rows": filling.last, "p99 ms before": before, "beside slow ones": beside, "MB": memory}


@case("C43", "all readers come back at once after a kill -9 of their server", limit_s=240)
async def storm(run: Run) -> None:
    """Each gets exactly what it missed; the ledger's end is read once for all of them."""
    count, rows = run.size(100, 1_000), run.size(300, 1_500)
    rng = random.Random(run.seed)
    async with pair(run, None, None) as (world, asked, followed):
        async with working(asked, world.alice, pause_s=0.0, cups=50) as filling:
            await filling.done(rows // 50)
        readers = [Reader(followed, world.alice, rng.randrange(filling.last)) for _ in range(count)]
        begun = [reader._after or 0 for reader in readers]
        await _opened(readers)
        async with working(asked, world.alice) as work:
            await work.done(20)
            followed.kill()
            await work.done(20)
            reads = await _pages_read(run)
            back = time.monotonic()
            await followed.start()
            await work.done(20)
        await level(readers, work.last)
        run.facts |= {"readers": count, "all level after s": round(time.monotonic() - back, 1), "reads": await _pages_read(run) - reads}
        for reader, after in zip(readers, begun, strict=True):
            assert reader.seqs == list(range(after + 1, work.last + 1)) and not reader.resyncs
            await reader.close()


@case("C44", "ids that nobody was given: negative, huge, text, another company's")
async def forged(run: Run) -> None:
    """400, or one resync and then the present; never a row of somebody else."""
    async with pair(run, None, None) as (world, asked, followed):
        for number in range(20):
            await asked.receive(world.alice, f"hers-{number}")
        await asked.receive(world.carol, "mine")
        async with httpx2.AsyncClient(base_url=followed.url) as client:
            for wrong in ("-1", "abc", "1.5", "1e3", "9" * 19 + "9", "１２", "0x10", "1;2", "%00", "'--"):
                headers = {**world.carol.bearer, "Last-Event-ID": wrong}
                said = await client.get(
                    f"/v1/{world.carol.tenant.slug}/events", headers=[(k.encode(), v.encode()) for k, v in headers.items()]
                )
                assert said.status_code == 400, wrong
            theirs = await client.get(f"/v1/{world.alice.tenant.slug}/events", headers=world.carol.bearer)
            assert theirs.status_code == 404
        reader = Reader(followed, world.carol, 20)  # a row of the other company's ledger, not of hers
        await _opened([reader])
        await asked.receive(world.carol, "more")
        await level([reader], 2)
        assert (reader.seqs, reader.resyncs) == ([2], 1)
        await reader.close()
        await _forged_frames(followed, world.carol)


async def _forged_frames(web: Web, who: Person) -> None:
    address = f"{web.url.replace('http', 'ws', 1)}/v1/{who.tenant.slug}/live"
    async with connect(address, additional_headers=who.bearer) as line:
        wrong: tuple[Any, ...] = (-1, "1", 1.5, 2**63, True, [], {"seq": 1})
        for after in wrong:
            await line.send(orjson.dumps({"op": "hello", "after": after} if after != 2**63 else {"op": "hello", "after": 2**63}).decode())
            assert orjson.loads(await line.recv())["op"] == "refused", after
        await line.send('{"op":"hello","after":20}')
        assert [orjson.loads(await line.recv())["op"] for _ in range(2)] == ["hello", "resync"]


class Watched(Work):
    """Work that is followed from both processes."""

    def __init__(self, web: Web, who: Person, readers: list[Reader]) -> None:
        super().__init__(web, who)
        self._readers = readers

    @property
    def latest(self) -> float:
        """The latest that a row came so far."""
        return max(self.late(reader) for reader in self._readers)


@asynccontextmanager
async def watched(asked: Web, followed: Web, who: Person) -> AsyncIterator[Watched]:
    """Changes through one process, followed at the other: at the end every row has come once, in order, and none too late."""
    readers = [Reader(followed, who, 0), Reader(asked, who, 0)]
    await _opened(readers)
    work = Watched(asked, who, readers)
    task = asyncio.create_task(work.go_on())
    try:
        yield work
        work.end()
        await task
        await level(readers, work.last)
        for reader in readers:
            assert reader.seqs == list(range(1, work.last + 1)) and not reader.resyncs
            assert work.late(reader) <= LATE_S
    finally:
        task.cancel()
        await asyncio.gather(task, *[reader.close() for reader in readers], return_exceptions=True)


@asynccontextmanager
async def pair(run: Run, one: str | None, two: str | None, **environ: str) -> AsyncIterator[tuple[World, Web, Web]]:
    """Two web processes on one database, each with its own way to Redis, and the people of two companies. Their ledgers prove."""
    database, var = run.place.database, run.place.var / "log"
    marked = {MARK: run.mark, **environ}
    asked, followed = Web(database, var, one, **marked), Web(database, var, two, "uvicorn", **marked)
    async with people(database) as world:
        try:
            await asyncio.gather(asked.start(), followed.start())
            yield world, asked, followed
        finally:
            await asyncio.gather(asked.stop(), followed.stop())
        assert await faults(database, world.alice) == []


async def _opened(readers: list[Reader]) -> None:
    while not all(reader.opened for reader in readers):  # noqa: ASYNC110
        await asyncio.sleep(0.02)


async def _lateness(web: Web, who: Person, readers: list[Reader], count: int) -> int:
    """p99 of the milliseconds from answer to reader."""
    async with working(web, who, pause_s=0.05) as work:
        await work.done(count)
    await level(readers, work.last)
    late = sorted(reader.came_at[seq] - at for reader in readers for seq, at in work.answered.items())
    return round(1_000 * max(0.0, late[len(late) * 99 // 100]))


async def _pages_read(run: Run) -> int:
    """How often this database's ledgers have been read by index so far."""
    async with run.place.admin() as admin:
        return int(await admin.fetchval("SELECT coalesce(sum(idx_scan), 0) FROM pg_stat_user_tables WHERE relname LIKE 'stock_ledger%'"))


def _memory_mb(web: Web) -> int:
    text = Path(f"/proc/{web.pid}/status").read_text()
    return int(next(line for line in text.splitlines() if line.startswith("VmRSS")).split()[1]) // 1024
