"""The desk: the caller's side of the engine, one in each process. Implements `ctx.stock`.

Commands of all requests gather per partition and leave in messages, up to two under way for a partition and a few for
a shard. Nothing waits for a timer: while answers are awaited the next message fills itself.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence

import msgspec
import structlog

from actors.shard import AGAIN, BUSY, HALTED, MOVED, OK
from inventory.context import Halted, Unavailable
from inventory.ledger.messages import AnyCommand, Command, Outcome

log = structlog.get_logger("actors")

MESSAGE_MAX = 800
"""Commands in one message: the answers of reservations, about 90 bytes each, then stay under Ray's inline limit of 100 KiB."""
LANE_IN_FLIGHT_MAX = 2
"""Messages under way for one partition: while one commits, the other is decided. A third only made them smaller."""
SHARE_MIN = 100
"""Below so many commands a message's own cost outweighs what overlapping two would win."""
SHARD_IN_FLIGHT_MAX = 8
LANE_MAX = 8_000
"""Commands that may wait for one partition in this process, a quarter of a second of work; beyond it the answer is "try
again": who waits longer has given up before it is answered."""
LOST = "lost"
TOO_MANY = "too many commands are waiting"
PATIENCE_S = 30.0
"""How long a lost shard is waited for (Ray restarts it in about a second) before callers are told to try again."""

Transport = Callable[[bytes], Awaitable[bytes]]
"""Carries a message to one shard and its answer back. Raises ShardLost when it cannot say what became of it."""
Hint = Callable[[int, int, int], None]


class ShardLost(Exception):
    """The shard died or fell silent. What was sent may or may not have been done; sending it again is safe."""


encode_message = msgspec.msgpack.Encoder().encode
decode_answer = msgspec.msgpack.Decoder(list[tuple[str, list[Outcome]]]).decode


class Alone:
    """Who asked for one command: a future of its outcome."""

    __slots__ = ("outcome",)

    def __init__(self) -> None:
        self.outcome: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()

    def tell(self, number: int, became: Outcome | Unavailable) -> None:
        """What became of it."""
        if self.outcome.done():
            return
        if isinstance(became, Unavailable):
            self.outcome.set_exception(became)
            self.outcome.exception()  # whoever asked may be gone: that is not a second problem
        else:
            self.outcome.set_result(became)


class Together:
    """Who asked for several, and what became of those that are answered. `answered` is set when all of them are."""

    __slots__ = ("answered", "became", "left")

    def __init__(self, commands: int) -> None:
        self.became: list[Outcome | Unavailable | None] = [None] * commands
        self.left = commands
        self.answered: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def tell(self, number: int, became: Outcome | Unavailable) -> None:
        """What became of one of them."""
        self.became[number] = became
        self.left -= 1
        if not self.left and not self.answered.done():
            self.answered.set_result(None)


Waiting = tuple[AnyCommand, Alone | Together, int]
"""A command, who asked for it, and its place among theirs."""


class Lane:
    """What waits for one partition, and the shard it lives on as far as is known here."""

    __slots__ = ("in_flight", "key", "queue", "shard", "unanswered")

    def __init__(self, key: tuple[int, int], shard: int) -> None:
        self.key = key
        self.shard = shard
        self.queue: deque[Waiting] = deque()
        self.in_flight = 0
        self.unanswered = 0

    def share(self, room: int) -> int:
        """Its part of the next message: half of all that is unanswered, so that two messages take turns. One that took all
        that waits would leave nobody to decide for while it commits."""
        half = -(-(len(self.queue) + self.unanswered) // LANE_IN_FLIGHT_MAX)
        return min(room, len(self.queue), max(half, SHARE_MIN))

    def take(self, count: int) -> list[Waiting]:
        """The next `count` commands, on their way now."""
        self.in_flight += 1
        self.unanswered += count
        return [self.queue.popleft() for _ in range(count)]


Sent = tuple[Lane, list[Waiting]]
"""A lane and what was taken from it for a message."""


class Desk:
    """Sends commands to shards and gives each caller its outcome."""

    def __init__(self, shards: Sequence[Transport], hint: Hint) -> None:
        self._shards = shards
        self._hint = hint
        self._lanes: dict[tuple[int, int], Lane] = {}
        self._ready: list[deque[Lane]] = [deque() for _ in shards]
        self._in_flight = [0] * len(shards)
        self._flushing = [False] * len(shards)
        self._tasks: set[asyncio.Task[None]] = set()

    async def submit(self, tenant_id: int, command: Command) -> Outcome:
        """See `inventory.context.Stock`. A caller that goes away loses the answer, not the effect."""
        return await self.send(tenant_id, command)

    async def submit_each(self, tenant_id: int, commands: Sequence[Command]) -> list[Outcome | Unavailable]:
        """See `inventory.context.Stock`."""
        asking = Together(len(commands))
        self._queue(tenant_id, asking, commands)
        await asking.answered
        return [each for each in asking.became if each is not None]

    def send(self, tenant_id: int, command: Command) -> asyncio.Future[Outcome]:
        """Queue a command and return the future of its outcome. Raises Unavailable when too much is waiting."""
        asking = Alone()
        self._queue(tenant_id, asking, [command])
        if asking.outcome.done():
            raise Unavailable(TOO_MANY)
        return asking.outcome

    def _queue(self, tenant_id: int, asking: Alone | Together, commands: Sequence[Command]) -> None:
        lane = self._lane((tenant_id, 0))
        waiting, room = len(lane.queue), LANE_MAX - len(lane.queue)
        for number, command in enumerate(commands):
            if number < room:
                lane.queue.append((command, asking, number))  # type: ignore[arg-type]
            else:
                asking.tell(number, Unavailable(TOO_MANY))
        if not waiting and lane.queue and lane.in_flight < LANE_IN_FLIGHT_MAX:
            self._make_ready(lane)

    async def close(self) -> None:
        """Wait for what is under way."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    def _lane(self, key: tuple[int, int]) -> Lane:
        lane = self._lanes.get(key)
        if lane is None:
            lane = self._lanes[key] = Lane(key, key[0] % len(self._shards))
        return lane

    def _make_ready(self, lane: Lane) -> None:
        """The lane may send. The flush comes after everything that is ready to run now, so that it takes along their commands."""
        if lane not in self._ready[lane.shard]:
            self._ready[lane.shard].append(lane)
        self._flush_soon(lane.shard)

    def _flush_soon(self, shard: int) -> None:
        if self._ready[shard] and not self._flushing[shard]:
            self._flushing[shard] = True
            asyncio.get_running_loop().call_soon(self._flush, shard)

    def _flush(self, shard: int) -> None:
        self._flushing[shard] = False
        while self._ready[shard] and self._in_flight[shard] < SHARD_IN_FLIGHT_MAX:
            groups = self._gather(shard)
            self._in_flight[shard] += 1
            task = asyncio.create_task(self._carry(shard, groups))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _gather(self, shard: int) -> list[Sent]:
        """The next message: what the ready lanes hold, in turn, up to its size. Who has much to send travels alone: a message
        is answered when all of it is, and the few commands of a small company must not wait for a large one's."""
        groups: list[Sent] = []
        room = MESSAGE_MAX
        ready = self._ready[shard]
        for _ in range(len(ready)):
            count = ready[0].share(room)
            if groups and count >= SHARE_MIN:
                break
            lane = ready.popleft()
            groups.append((lane, lane.take(count)))
            room -= count
            if lane.queue and lane.in_flight < LANE_IN_FLIGHT_MAX:
                ready.append(lane)
            if count >= SHARE_MIN or not room:
                break
        return groups

    async def _carry(self, shard: int, groups: list[Sent]) -> None:
        deadline = asyncio.get_running_loop().time() + PATIENCE_S
        left = groups
        try:
            while left:
                left = await self._exchange(shard, left, deadline)
        except Exception as problem:
            if not isinstance(problem, ShardLost):
                log.exception("message_failed", shard=shard)
            for lane, taken in left:
                self._deliver(lane, taken, LOST, [])
        finally:
            self._in_flight[shard] -= 1
            for lane, taken in groups:
                lane.in_flight -= 1
                lane.unanswered -= len(taken)
                if lane.queue:
                    self._make_ready(lane)
            self._flush_soon(shard)

    async def _exchange(self, shard: int, groups: list[Sent], deadline: float) -> list[Sent]:
        """Send the groups and deliver their answers; return those that must be sent again."""
        message = encode_message([(*lane.key, [command for command, _, _ in taken]) for lane, taken in groups])
        answers = decode_answer(await self._insist(shard, message, deadline))
        again = []
        for (lane, taken), (status, outcomes) in zip(groups, answers, strict=True):
            if status == AGAIN and asyncio.get_running_loop().time() < deadline:
                again.append((lane, taken))
            elif status.startswith(MOVED):
                # The answer tells where the partition lives: what was taken goes there, in front of what came since.
                lane.shard = int(status.removeprefix(MOVED))
                lane.queue.extendleft(reversed(taken))
            else:
                self._deliver(lane, taken, status, outcomes)
        if again:
            await asyncio.sleep(0.1)
        return again

    async def _insist(self, shard: int, message: bytes, deadline: float) -> bytes:
        """Send until answered: the keys in the message make it safe, the record knows what was already done."""
        loop = asyncio.get_running_loop()
        pause = 0.05
        while True:
            try:
                return await self._shards[shard](message)
            except ShardLost as problem:
                log.warning("shard_lost", shard=shard, problem=str(problem))
                if loop.time() + pause > deadline:
                    raise
            await asyncio.sleep(pause)
            pause = min(1.0, pause * 2)

    def _deliver(self, lane: Lane, taken: list[Waiting], status: str, outcomes: list[Outcome]) -> None:
        if status != OK:
            for _, asking, number in taken:
                asking.tell(number, _problem(status))
            return
        seq = 0
        for (_, asking, number), outcome in zip(taken, outcomes, strict=True):
            seq = max(seq, outcome.seq)
            asking.tell(number, outcome)
        self._hint(*lane.key, seq)


def _problem(status: str) -> Unavailable:
    if status == HALTED:
        return Halted("the ledger does not prove")
    return Unavailable(TOO_MANY if status == BUSY else "the outcome is not known yet")
