"""Shops, and the people who work in them: mixed load as W4 has it, through a real desk, every command sent until it has an answer."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from actors.desk import Desk, Transport
from inventory.context import Unavailable
from inventory.ledger.messages import (
    Adjust,
    AdjustLine,
    AnyCommand,
    Commit,
    Outcome,
    Receive,
    Release,
    Reserve,
    decode_outcome,
)
from kit.clock import SECOND
from tests.actors.conftest import ONE, Company
from tests.chaos.history import History, Reply, Row, check
from tests.chaos.waiting import until

PATIENCE_S = 3.0
"""How long a client waits for an answer before it sends the same again, as a till would."""
PAUSE_S = 0.02
_SHARES = {"reserve": 60, "commit": 25, "release": 10, "receive": 3, "adjust": 2}


class Shop:
    """A company, the desk its clients use at the moment, and what they were told. Change `desk` to send them elsewhere."""

    def __init__(self, company: Company, desk: Desk, history: History, admin: str = "") -> None:
        self.company = company
        self.desk = desk
        self.history = history
        self.patience_s = PATIENCE_S
        self._admin = admin
        self._numbers = 0

    async def stock_up(self, qty: int = 60) -> None:
        """Receive so much of every item."""
        await asyncio.gather(*[self.receive(qty, item) for item in range(len(self.company.items))])

    async def receive(self, qty: int, item: int = 0) -> Outcome:
        command = Receive(**self._head("receive"), lines=(self.company.line(qty, item),))
        return await self.perform(command, (qty * ONE, 0))

    async def receive_each(self, items: Iterable[int]) -> Outcome:
        """Receive one of each of these items with one command."""
        lines = tuple(self.company.line(1, item) for item in items)
        return await self.perform(Receive(**self._head("receive"), lines=lines), (len(lines) * ONE, 0))

    async def adjust(self, delta: int, item: int = 0) -> Outcome:
        at = AdjustLine(self.company.items[item], self.company.warehouses[0], delta * ONE)
        return await self.perform(Adjust(**self._head("adjust"), lines=(at,)), (delta * ONE, 0))

    async def reserve(self, qty: int, item: int = 0, expires_in_s: float = 900, reference: str = "") -> Outcome:
        return await self.perform(self.reservation(qty, item, expires_in_s, reference), (0, qty * ONE))

    def reservation(self, qty: int, item: int = 0, expires_in_s: float = 900, reference: str = "") -> Reserve:
        """The command to reserve, for who wants to send it in a way of his own."""
        head = {**self._head("reserve"), "reference": reference}
        return Reserve(**head, lines=(self.company.line(qty, item),), hard=False, expires_in_us=int(expires_in_s * SECOND))

    async def commit(self, hold: int, qty: int) -> Outcome:
        return await self.perform(Commit(**self._head("commit"), reservation=hold), (-qty * ONE, -qty * ONE))

    async def release(self, hold: int, qty: int) -> Outcome:
        return await self.perform(Release(**self._head("release"), reservation=hold), (0, -qty * ONE))

    async def perform(self, command: AnyCommand, effect: tuple[int, int]) -> Outcome:
        """Send until answered, with the same key."""
        op = self.history.invoke(command, effect)
        while True:
            try:
                sent = self.desk.send(self.company.tenant, command)
                outcome = await asyncio.wait_for(sent, self.patience_s)
            except (Unavailable, TimeoutError):
                op.unknown += 1
                await asyncio.sleep(0.1)
            else:
                self.history.answer(op, outcome)
                return outcome

    async def again(self, rng: random.Random) -> None:
        """Send an old command once more."""
        op = rng.choice(list(self.history.ops.values())[-200:])
        await self.perform(op.command, op.effect)

    async def faults(self) -> list[Any]:
        """The full verification: what does not hold in the ledger and in all that is derived from it."""
        return list(await self.company.faults())

    async def broken(self) -> list[str]:
        """What does not hold: the full verification of the ledger, and the check of all that its clients were told."""
        ops = list(self.history.ops.values())
        open_ends = [f"unresolved: {op.command.key}" for op in ops if op.state == "unknown"]
        rows, replies = await self.record()
        return [*map(str, await self.faults()), *open_ends, *check(ops, rows, replies)]

    async def record(self) -> tuple[list[Row], dict[bytes, Reply]]:
        """The company's ledger and stored answers."""
        connection = await asyncpg.connect(self._admin)
        try:
            rows = await connection.fetch(_ROWS, self.company.tenant)
            replies = await connection.fetch(
                "SELECT key_hash, body_hash, reply FROM stock_replies WHERE tenant_id = $1", self.company.tenant
            )
        finally:
            await connection.close()
        return [Row(*row) for row in rows], {key: Reply(body, decode_outcome(reply)) for key, body, reply in replies}

    def _head(self, verb: str) -> dict[str, Any]:
        self._numbers += 1
        return self.company.head(f"{verb}-{self._numbers}-{random.getrandbits(32):x}", verb, self._numbers)


_ROWS = """
SELECT seq, kind, key, document, item_id, warehouse_id, delta_on_hand, delta_reserved, recorded_at_us
FROM stock_ledger WHERE tenant_id = $1 ORDER BY seq
"""


class Clients:
    """People at work: 60 % reserve, 25 % commit, 10 % release, 3 % receive, 2 % adjust; few items are wanted most; some
    promises end by themselves within a second or two; some commands are sent again although they were answered."""

    def __init__(self, shop: Shop, seed: int, count: int = 16) -> None:
        self._shop = shop
        self._rngs = [random.Random(seed * 1_000 + number) for number in range(count)]
        self._weights = [1 / (rank + 1) for rank in range(len(shop.company.items))]
        self._holds: list[tuple[int, int]] = []
        self._over = False

    async def work(self) -> None:
        """Until told to end; whoever has asked something waits for the answer."""
        await asyncio.gather(*[self._client(rng) for rng in self._rngs])

    def end(self) -> None:
        """No new commands."""
        self._over = True

    async def _client(self, rng: random.Random) -> None:
        while not self._over:
            await self._one(rng)
            if rng.random() < 0.03:
                await self._shop.again(rng)
            await asyncio.sleep(PAUSE_S * rng.random())

    async def _one(self, rng: random.Random) -> None:
        verb = rng.choices(list(_SHARES), list(_SHARES.values()))[0]
        item = rng.choices(range(len(self._weights)), self._weights)[0]
        if verb in ("commit", "release") and self._holds:
            hold, qty = self._holds.pop(rng.randrange(len(self._holds)))
            await (self._shop.commit if verb == "commit" else self._shop.release)(hold, qty)
        elif verb == "receive":
            await self._shop.receive(rng.randint(5, 30), item)
        elif verb == "adjust":
            await self._shop.adjust(rng.choice((-2, -1, 1, 2, 3)), item)
        else:
            await self._reserve(rng, item)

    async def _reserve(self, rng: random.Random, item: int) -> None:
        qty = rng.randint(1, 3)
        outcome = await self._shop.reserve(qty, item, expires_in_s=rng.uniform(0.5, 2) if rng.random() < 0.05 else 900)
        if outcome.hold is not None:
            self._holds.append((outcome.hold.seq, qty))


@asynccontextmanager
async def working(*shops: Shop, seed: int, count: int = 16) -> AsyncIterator[None]:
    """Load on these shops while the block runs; on leaving, every command has its answer."""
    crews = [Clients(shop, seed + number, count) for number, shop in enumerate(shops)]
    tasks = [asyncio.create_task(crew.work()) for crew in crews]
    try:
        yield
        for crew in crews:
            crew.end()
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def progress(shop: Shop, count: int = 40) -> None:
    """Wait until the shop's clients have so many more answers: more than were on their way."""
    enough = shop.history.answered + count
    await until(lambda: shop.history.answered >= enough)


def desk(transports: Sequence[Transport]) -> Desk:
    """A desk that reaches those shards and tells nobody of grown ledgers."""
    return Desk(transports, lambda *_: None)
