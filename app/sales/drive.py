"""Running a play: tills are opened, the checkpoint is kept, and the first Ctrl-C or SIGTERM stops it in order."""

from __future__ import annotations

import asyncio
import signal
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from app.sales import checkpoint
from app.sales.checkpoint import Checkpoint
from app.sales.plan import Plan
from app.sales.play import Happened, Play
from app.sales.rest import Target
from app.sales.till import Tally, Till

SAVE_S = 1.0
"""How often the checkpoint is written: what is lost of it is asked again in as long."""
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@dataclass(frozen=True, slots=True)
class Drive:
    """Plays a plan from where `kept` says, and keeps `kept` true in its file."""

    target: Target
    plan: Plan
    kept: Checkpoint
    kept_in: Path
    tally: Tally
    days_per_second: float
    patience_s: float

    async def run(self, happened: Happened) -> bool:
        """True when all events are done, False when stopped before. Raises Stuck."""
        if not self.plan.events:
            return True
        async with AsyncExitStack() as opened:
            used = {event.warehouse for event in self.plan.events}
            tills = {each: await opened.enter_async_context(Till(self.target, self.tally, self.patience_s)) for each in sorted(used)}
            play = Play(self.plan, tills, self.kept.done, self.kept.refused, self.days_per_second)
            for number in _SIGNALS:
                asyncio.get_running_loop().add_signal_handler(number, play.stop)
            saving = asyncio.create_task(self._save_again(play))
            try:
                return await play.run(happened)
            finally:
                saving.cancel()
                self._save(play)

    async def _save_again(self, play: Play) -> None:
        while True:
            self._save(play)
            await asyncio.sleep(SAVE_S)

    def _save(self, play: Play) -> None:
        """What is done up to now; a refusal counts once everything before it is done too."""
        self.kept.done = play.done
        self.kept.refused = {number: why for number, why in play.refused.items() if number < play.done}
        checkpoint.save(self.kept_in, self.kept)


def interruptible() -> None:
    """Make SIGTERM stop what is going on like Ctrl-C does, where no event loop is running."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    for number in _SIGNALS:
        signal.signal(number, stop)
