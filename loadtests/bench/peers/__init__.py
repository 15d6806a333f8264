"""What one would build instead of the engine, and the limits it runs into. Each is given what makes it fast: prepared
statements, a connection kept per client, the number of clients that suits it best, and copies of the engine's own tables
with the same columns, checks, indexes and fill factors. See docs/benchmarks.md for the rows that each writes."""

from __future__ import annotations

from collections.abc import Callable

from loadtests.bench.ground import Company, Ground
from loadtests.bench.peers.p1_lock import LockPerRequest
from loadtests.bench.peers.p2_statement import OneStatement
from loadtests.bench.peers.p3_redis import RedisScript
from loadtests.bench.peers.p4_raw import RawInsert
from loadtests.bench.peers.p5_units import RowPerUnit
from loadtests.bench.peers.peer import Peer
from loadtests.bench.size import Size

NAMES = ("P1", "P2", "P3", "P3d", "P4", "P4r", "P5")


def made(name: str, ground: Ground, company: Company, size: Size) -> Peer | None:
    """The peer of this name, or None if the server it needs is not to be had here."""
    if name in ("P3", "P3d"):
        return RedisScript(name, ground.redis[name == "P3d"], company) if ground.redis else None
    makers: dict[str, Callable[[], Peer]] = {
        "P1": lambda: LockPerRequest(ground, company, size.clients),
        "P2": lambda: OneStatement(ground, company, size.clients),
        "P4": lambda: RawInsert("P4", ground, company),
        "P4r": lambda: RawInsert("P4r", ground, company),
        "P5": lambda: RowPerUnit(ground, company, size),
    }
    return makers[name]()
