"""W3: a flash sale. First how many promises a second one hot item takes while the stock lasts, beside every peer; then the sale
itself: everyone comes at once, some send twice, some hang up, and exactly as many are promised as there are."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import asyncpg

from inventory.ledger.messages import Kind, Outcome, Reserve
from kit.quantity import ONE
from loadtests.bench.ground import Company
from loadtests.bench.messages import reserve_one
from loadtests.bench.peers import NAMES
from loadtests.bench.records import Record, record, times
from loadtests.bench.stage import Stage
from loadtests.bench.workloads.reserving import reserving

ID = "W3"
TITLE = "reserve 1 of one hot item"
BUYERS = 5_000
TWICE = 0.2
"""Share of sendings that repeat a key: an impatient finger, a proxy that tries again."""
GONE = 0.1
"""Share of buyers who hang up before they have their answer."""


@dataclass(slots=True)
class Sale:
    """What happened: times of acceptances and refusals, keys with the sequences they were given, and when the last went."""

    began: float = field(default_factory=time.perf_counter)
    accepted: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)
    promised: dict[bytes, set[int]] = field(default_factory=dict)
    sold_out: float = 0.0
    gone: int = 0

    def note(self, command: Reserve, outcome: Outcome, took: float) -> None:
        """Count an answer."""
        if outcome.code:
            self.refused.append(took)
        else:
            self.accepted.append(took)
            self.promised.setdefault(command.key_hash, set()).add(outcome.seq)
            self.sold_out = time.perf_counter() - self.began


async def run(stage: Stage) -> list[Record]:
    """The hot row for throughput, then a sale for each size of stock."""
    hot = await reserving(stage, ID, "hot", stage.size.callers[1:], NAMES)
    return hot + [await _sell_out(stage, stock) for stock in stage.size.sellouts]


async def _sell_out(stage: Stage, stock: int) -> Record:
    company = await stage.company(f"sale-{stock}", 1, stock * ONE)
    sale = Sale()
    await asyncio.gather(*[_buyer(stage, company, commands, sale) for commands in _buyers(company, stock)])
    rows, left = await _books(stage.connection, company)
    stage.faults[company.slug] = wrong(stock, rows, left, sale)
    stage.say(f"{ID:<4}sale of {stock:,} to {BUYERS:,}  {sale.sold_out:>8.3f} s")
    product = {"ops_s": round(stock / sale.sold_out), **times(sale.accepted), "failed": 0}
    figures = {
        "sold_out_s": round(sale.sold_out, 3),
        "accepted_rows": rows,
        "answers": {"accepted": len(sale.accepted), "refused": len(sale.refused), "hung_up": sale.gone},
        "accepted": times(sale.accepted),
        "refused": times(sale.refused),
    }
    params = {"mode": "ray", "stock": stock, "buyers": BUYERS, "repeated": TWICE, "hung_up": GONE}
    return record(stage, f"{ID}-sale", params, product, [company.slug], figures=figures)


def wrong(stock: int, rows: int, left: int, sale: Sale) -> list[str]:
    """What is wrong with a sale of so many pieces: the ledger has other than as many promises, some were left, or a repeated key
    got a second promise."""
    uneven = [f"{rows} promised and {left} left of {stock}"] if (rows, left) != (stock, 0) else []
    twice = [key.hex() for key, seqs in sale.promised.items() if len(seqs) > 1]
    return uneven + [f"key {key} was given a second promise" for key in twice]


def _buyers(company: Company, stock: int) -> list[Iterator[Reserve]]:
    """Each buyer's commands. With little stock everyone asks once and a fifth have sent the same a moment before; with more
    than there are buyers, everyone asks again and again, every fifth time with the key of the time before."""
    if stock < BUYERS:
        fresh = [reserve_one(company.items[0], company.warehouse) for _ in range(int(BUYERS * (1 - TWICE)))]
        commands = fresh + random.choices(fresh, k=BUYERS - len(fresh))
        random.shuffle(commands)
        return [iter([command]) for command in commands]
    return [_insatiable(company) for _ in range(BUYERS)]


def _insatiable(company: Company) -> Iterator[Reserve]:
    while True:
        command = reserve_one(company.items[0], company.warehouse)
        yield command
        if random.random() < TWICE:
            yield command


async def _buyer(stage: Stage, company: Company, commands: Iterator[Reserve], sale: Sale) -> None:
    """Ask until there is no more. Whoever hangs up has asked all the same: the promise may have been made."""
    for command in commands:
        began = time.perf_counter()
        answer = stage.product.desk.send(company.tenant, command)
        if random.random() < GONE:
            await asyncio.sleep(0)
            answer.cancel()
            sale.gone += 1
            continue
        outcome = await answer
        sale.note(command, outcome, time.perf_counter() - began)
        if outcome.code:
            return


async def _books(connection: asyncpg.Connection[asyncpg.Record], company: Company) -> tuple[int, int]:
    """(promises in the ledger, pieces that nobody was promised)."""
    rows = await connection.fetchval(
        "SELECT count(*) FROM stock_ledger WHERE tenant_id = $1 AND kind = $2", company.tenant, int(Kind.RESERVE)
    )
    left = await connection.fetchval("SELECT (on_hand - reserved) / $2 FROM stock_balances WHERE tenant_id = $1", company.tenant, ONE)
    return rows, left
