"""Between callers and owners: messages that are late, lost or delivered twice, and who is believed to own what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from actors import lease
from actors.desk import ShardLost
from actors.shard import Shard
from kit.clock import SECOND
from tests.simulation.loop import Process
from tests.simulation.server import Pool

if TYPE_CHECKING:
    from tests.simulation.world import World

START_US = 1_800_000_000 * SECOND
CALL_S = 12.0
"""How long a desk waits for an owner that says nothing."""


class Owner:
    """A process with a shard in it, as Ray would start one."""

    def __init__(self, world: World, number: int) -> None:
        self.process = Process(f"owner-{number}")
        self.skew_us = 0
        self.answers: list[Any] = []
        self._world = world
        self.process.context.run(self._begin)

    def clock(self) -> int:
        return START_US + int(self._world.loop.time() * SECOND) + self.skew_us

    def receive(self, message: bytes, answer: Any) -> None:
        """A message has arrived. Runs in the owner's process."""
        task = self._world.loop.create_task(self.shard.submit(message))
        task.add_done_callback(lambda done: self._world.network.reply(answer, done))

    def _begin(self) -> None:
        pool: Any = Pool(self._world.server)
        self.shard = Shard(pool, lease.Owner(self.process.name, 0, 1), self.clock, lambda *_: None, lambda: self._world.die(self))


class Network:
    """Between desks and owners. Each desk believes in an owner of its own, not always the latest."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.routes: list[Owner] = []

    async def carry(self, desk: int, message: bytes) -> bytes:
        """The transport of a desk: raises ShardLost when it cannot say what became of the message."""
        world, owner = self._world, self.routes[desk]
        answer = world.loop.create_future()
        owner.answers.append(answer)
        world.loop.call_later(CALL_S, self._lose, answer)
        if not world.happens(world.server.faults.lost):
            self._deliver(owner, message, answer)
        if world.happens(world.server.faults.twice):
            self._deliver(owner, message, None)
        try:
            return bytes(await answer)
        finally:
            owner.answers.remove(answer)

    def reply(self, answer: Any, done: Any) -> None:
        """The owner has an answer; it may be lost on its way."""
        world = self._world
        if answer is None:  # of a message that came twice
            return
        if done.cancelled() or done.exception() or world.happens(world.server.faults.lost):
            world.loop.call_later(world.delay(), self._lose, answer, context=world.callers.context)
        else:
            world.loop.call_later(world.delay(), _settle, answer, done.result(), context=world.callers.context)

    def lose(self, owner: Owner) -> None:
        """The owner is gone, and after a while everyone who waits for it is told."""
        for answer in owner.answers:
            self._world.loop.call_later(self._world.random.random(), self._lose, answer, context=self._world.callers.context)

    def _deliver(self, owner: Owner, message: bytes, answer: Any) -> None:
        self._world.loop.call_later(self._world.delay(), owner.receive, message, answer, context=owner.process.context)

    def _lose(self, answer: Any) -> None:
        if not answer.done():
            answer.set_exception(ShardLost("simulated"))


def _settle(answer: Any, outcome: bytes) -> None:
    if not answer.done():
        answer.set_result(outcome)
