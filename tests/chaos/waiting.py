"""Waiting for what sets no event: processes, PostgreSQL, other people's work. Whoever waits is bounded from outside."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

Found = TypeVar("Found")
STEP_S = 0.02


async def until(look: Callable[[], Found]) -> Found:
    """Look again and again until there is something true to see; return it."""
    while not (found := look()):  # noqa: ASYNC110
        await asyncio.sleep(STEP_S)
    return found


async def until_async(look: Callable[[], Awaitable[Found]]) -> Found:
    """The same where looking takes time."""
    while not (found := await look()):  # noqa: ASYNC110
        await asyncio.sleep(STEP_S)
    return found
