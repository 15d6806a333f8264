"""Where the request at hand comes from: its address, and what proved who asks.

Whoever opens the door to requests says so once (`web.access`), and every fact written on the way carries it. It rides with the
task instead of in arguments, since a verb deep inside has no other use for it and a forgotten one would leave a hole.
"""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass

PROOF_LENGTH = 8


@dataclass(frozen=True, slots=True)
class Origin:
    """The address of a request, and the beginning of the hash of the session or key that it showed."""

    address: str = ""
    proof: str = ""


NOWHERE = Origin()
_current: ContextVar[Origin] = ContextVar("origin", default=NOWHERE)


def arrive(address: str | None, proof: bytes = b"") -> None:
    """From here on this task works for a request from this address."""
    _current.set(Origin(address or "", proof.hex()[:PROOF_LENGTH]))


def current() -> Origin:
    """Where the request at hand comes from; nowhere outside of requests."""
    return _current.get()
