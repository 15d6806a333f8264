"""P6, the floor under HTTP: the product's own server, path, checks and encoding, only that the engine is not there.

Run as `python -m loadtests.bench.edge.floor`. Each reservation is answered at once, as it would be if it had been made; nothing
is written anywhere. What the product takes beyond this is what the engine costs a request.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

from app import asgi, logs
from app.processes import end_with_parent
from app.settings import Settings
from app.wiring import Wiring, wired
from inventory.context import Unavailable
from inventory.ledger.messages import Command, Hold, HoldLine, Level, Outcome, Reserve
from kit.clock import now_us
from loadtests.bench.ground import PLENTY


class Ready:
    """`inventory.context.Stock` that has the answer already."""

    def __init__(self) -> None:
        self._seqs = itertools.count(1)

    async def submit(self, tenant_id: int, command: Command) -> Outcome:
        """As the engine answers a reservation that is done."""
        return self._answer(command)

    async def submit_each(self, tenant_id: int, commands: Sequence[Command]) -> list[Outcome | Unavailable]:
        """The same for many."""
        return [self._answer(command) for command in commands]

    def _answer(self, command: Command) -> Outcome:
        assert isinstance(command, Reserve), "only reservations are measured"
        seq, now = next(self._seqs), now_us()
        levels = tuple([Level(line.item, line.warehouse, PLENTY, line.qty, 0, 0, 0, seq) for line in command.lines])
        held = tuple([HoldLine(line.item, line.warehouse, 0, 0, line.qty, line.qty, 0, 0, 0) for line in command.lines])
        hold = Hold(seq, command.hard, now + command.expires_in_us, command.reference, now, command.principal, held)
        return Outcome("", seq, levels, (), hold)


@asynccontextmanager
async def without_engine(settings: Settings) -> AsyncIterator[Wiring]:
    """Everything else as it is."""
    async with wired(settings) as wiring:
        yield replace(wiring, stock=Ready())


def main() -> None:
    """Serve as `onhand web` does."""
    end_with_parent()
    settings = Settings.from_env(os.environ)
    logs.configure(settings.log_level)
    # The server asks its module for the wiring; a setting for this would be a way to run the product without its stock.
    asgi.wired = without_engine  # type: ignore[attr-defined]
    asgi.serve(settings)


if __name__ == "__main__":
    main()
