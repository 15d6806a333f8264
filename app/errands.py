"""Running the jobs that are due because somebody asks: for installations that have a cron and no worker."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import orjson

from app.children import child_environ
from app.processes import ours
from app.settings import Settings

LASTS_S = 20
"""How long one errand begins jobs: well within what a proxy waits."""


def errands(settings: Settings) -> Callable[[], Awaitable[Sequence[dict[str, Any]]]]:
    """What a web process calls: `onhand worker --once` as a process of its own, so that nobody waits behind a proof, and one at a
    time. It answers what ran and what became of it, and raises OSError when the worker could not work."""
    one_at_a_time = asyncio.Lock()

    async def run() -> Sequence[dict[str, Any]]:
        async with one_at_a_time:
            argv, how = ours(["worker", "--once", str(LASTS_S)], child_environ(settings))
            child = await asyncio.create_subprocess_exec(*argv, stdout=asyncio.subprocess.PIPE, stdin=asyncio.subprocess.DEVNULL, **how)
            try:
                said, _ = await child.communicate()
            except asyncio.CancelledError:  # whoever asked has gone, or we are stopping: it ends after its batch
                child.terminate()
                await child.communicate()
                raise
        if child.returncode:
            raise OSError(f"the worker ended with code {child.returncode}")
        ran: Sequence[dict[str, Any]] = orjson.loads(said)
        return ran

    return run
