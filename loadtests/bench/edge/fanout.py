"""P7, the bare fan-out: `websockets.broadcast` and nothing else. No ledger, no database, no resume, no filter.

Run as `python -m loadtests.bench.edge.fanout COMPANIES`. A client's path says whose feed it follows. `rate` begins to send rows of all
companies in turn, so many a second; `burst` sends so many to each company at once.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import re
import sys
from typing import Any

import orjson
import uvloop
from websockets.asyncio.server import ServerConnection, broadcast, serve

from app.processes import end_with_parent
from app.settings import Settings
from kit.clock import now_us, rfc3339

_TICK_S = 0.001
_PATH = re.compile(r"/v1/wire-(\d+)/live")
Group = set[ServerConnection]


class Fanout:
    """Who follows which company, and how far each feed has come."""

    def __init__(self, companies: int) -> None:
        self._groups: list[Group] = [set() for _ in range(companies)]
        self._seqs = [0] * companies

    async def follow(self, line: ServerConnection) -> None:
        """One client: `hello`, then what comes, until it leaves."""
        assert line.request is not None
        found = _PATH.fullmatch(line.request.path)
        number = int(found[1]) if found else 0
        async for text in line:
            asked = orjson.loads(text)
            if asked["op"] == "hello":
                self._groups[number].add(line)
                await line.send(f'{{"op":"hello","as_of_seq":{self._seqs[number]}}}')
            elif asked["op"] == "rate":
                self._sending = asyncio.create_task(self._send(asked["per_second"], asked["seconds"]))
            elif asked["op"] == "burst":
                for each in range(len(self._groups)):
                    for _ in range(asked["rows"]):
                        self._one(each)
        self._groups[number].discard(line)

    async def _send(self, per_second: float, seconds: float) -> None:
        began, sent = asyncio.get_running_loop().time(), 0
        turns = itertools.cycle(range(len(self._groups)))
        while sent < per_second * seconds:
            while sent < min(seconds, asyncio.get_running_loop().time() - began) * per_second:
                self._one(next(turns))
                sent += 1
            await asyncio.sleep(_TICK_S)

    def _one(self, number: int) -> None:
        self._seqs[number] += 1
        broadcast(self._groups[number], _row(self._seqs[number]))


def _row(seq: int) -> str:
    """A row as the product's feed tells it: as long, and new each time."""
    level = {"sku": "S1", "warehouse": "main", "on_hand": "1000000000", "reserved": "1000", "available": "999999000", "seq": seq}
    data: dict[str, Any] = {
        "seq": seq, "kind": "reserve", "sku": "S1", "warehouse": "main", "location": None, "lot": None, "owner": None, "condition": "good",
        "delta_on_hand": "0", "delta_reserved": "1", "on_hand": "1000000000", "reserved": "1000", "reservation": f"r-{seq:012}",
        "reference": None, "reason": None, "effective_at": rfc3339(now_us()), "recorded_at": rfc3339(now_us()), "by": "Till 1",
        "role": "inventory", "key": f"12345678-{seq}", "hash": "0" * 64, "level": level,
    }  # fmt: skip
    return f'{{"op":"event","seq":{seq},"event":"stock.reserved","data":{orjson.dumps(data).decode()}}}'


async def _serve(settings: Settings, companies: int) -> None:
    fanout = Fanout(companies)
    async with serve(fanout.follow, settings.host, settings.port, compression=None, max_queue=64):
        await asyncio.Event().wait()  # until it is ended


def main() -> None:
    """Serve until told to stop."""
    end_with_parent()
    uvloop.run(_serve(Settings.from_env(os.environ), int(sys.argv[1])))


if __name__ == "__main__":
    main()
