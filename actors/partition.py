"""A partition as its shard sees it: a mailbox, and a cycle that empties it for as long as it is ours."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import structlog

from actors import lease
from actors.commit import Fenced
from actors.cycle import Cycle, Hint, patiently
from actors.gauges import Gauges
from actors.loader import Pool
from actors.mailbox import Group, Mailbox
from inventory.ledger.messages import AnyCommand
from kit.clock import Clock

log = structlog.get_logger("actors")


class Closing(Exception):
    """The partition finishes what has arrived and takes nothing more."""


class Partition:
    """Starts its cycle when made. `ended` is called once, with True if another owner fenced it."""

    def __init__(
        self,
        key: tuple[int, int],
        owner: lease.Owner,
        pool: Pool,
        clock: Clock,
        hint: Hint,
        gauges: Gauges,
        ended: Callable[[Partition, bool], None],
    ) -> None:
        self.key = key
        self._owner = owner
        self._pool = pool
        self._ended = ended
        self._mailbox = Mailbox()
        self._waiting: dict[Group, None] = {}  # in the order they came, and told so when it ends
        self._closing = False
        self._cycle = Cycle(pool, self._mailbox, clock, hint, gauges)
        self._task = asyncio.create_task(self._run())

    def put(self, commands: Sequence[AnyCommand]) -> Group:
        """Queue commands. Raises mailbox.Full, or Closing when it takes no more."""
        if self._closing:
            raise Closing
        group = self._mailbox.put(commands)
        self._waiting[group] = None
        group.done.add_done_callback(lambda _: self._waiting.pop(group, None))
        return group

    async def close(self, patience_s: float) -> None:
        """Finish what has arrived, for at most `patience_s`; the rest ends unanswered, and its keys stay valid."""
        self._closing = True
        self._cycle.close()
        await asyncio.wait([self._task], timeout=patience_s)
        if not self._task.done():
            self._task.cancel()
            await asyncio.wait([self._task])

    async def give_up(self, patience_s: float) -> None:
        """Close, and let another shard have it at once."""
        await self.close(patience_s)
        await patiently(lambda: lease.vacate(self._pool, *self.key, self._owner))

    async def _run(self) -> None:
        fenced = False
        try:
            await self._cycle.run(*self.key, self._owner)
        except (lease.Halted, lease.Elsewhere) as problem:
            self._refuse(problem)
        except lease.Moving:
            log.info("waiting_for_owner", tenant=self.key[0], part=self.key[1])
        except Fenced:
            # After a halt there is no other owner: what waits is sent again and hears of it when this begins anew.
            fenced = not await patiently(lambda: lease.vacant(self._pool, *self.key))
            log.warning("fenced", tenant=self.key[0], part=self.key[1], rival=fenced)
        except Exception:
            # A fault of ours. Forget everything and begin again: the database has the truth, the keys make resending safe.
            log.exception("partition_failed", tenant=self.key[0], part=self.key[1])
        finally:
            for group in self._unanswered():
                group.done.cancel()
            self._ended(self, fenced)

    def _refuse(self, problem: lease.Halted | lease.Elsewhere) -> None:
        for group in self._unanswered():
            group.done.set_exception(problem)

    def _unanswered(self) -> list[Group]:
        return [group for group in self._waiting if not group.done.done()]
