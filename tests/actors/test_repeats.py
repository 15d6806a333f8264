"""The engine, when a caller sends again what it does not remember…"""

from __future__ import annotations

import asyncio

from actors.local import LocalEngine
from inventory.ledger.messages import Outcome
from tests.actors.conftest import Company, found
from tests.conftest import Database

COMMANDS = 240
WINDOW = 40
"""Callers at once: repeats go on arriving while those before them are being looked up."""


async def reserve_all(company: Company) -> list[Outcome]:
    """Every command once, so many under way, each beginning when another has ended."""
    room = asyncio.Semaphore(WINDOW)

    async def one(number: int) -> Outcome:
        async with room:
            return await company.reserve(1, key=f"k{number}")

    return await asyncio.gather(*(one(number) for number in range(COMMANDS)))


async def test_answers_a_stream_of_repeats_that_only_the_record_knows(database: Database) -> None:
    """A replay that lost its notes: the whole past arrives again, piece by piece, at an owner with an empty memory."""
    first = LocalEngine(database.engine, lambda *_: None, lambda: None)
    company = await found(database, await first.start())
    await company.receive(COMMANDS)
    before = await reserve_all(company)
    await first.close()
    second = LocalEngine(database.engine, lambda *_: None, lambda: None)
    company.desk = await second.start()
    async with asyncio.timeout(60):
        again = await reserve_all(company)
    assert [outcome.seq for outcome in again] == [outcome.seq for outcome in before]
    print("RECOVERIES", second.shard.gauges.recoveries)
    assert await company.faults() == []
    await second.close()
