"""What the person who starts Onhand sees: a line per step with the time it took, and one more when a step is slow."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

_SLOW_SECONDS = 1.5


def say(text: str = "") -> None:
    """Print a line at once, also into a pipe."""
    print(text, flush=True)


@contextmanager
def step(name: str) -> Iterator[None]:
    """Announce a step when it lasts, and report it when it is done. Steps may run at the same time."""
    begun = time.monotonic()
    announcement = threading.Timer(_SLOW_SECONDS, say, [f"  … {name}"])
    announcement.daemon = True
    announcement.start()
    try:
        yield
    finally:
        announcement.cancel()
    say(f"  ✓ {name:<44}{time.monotonic() - begun:5.1f} s")


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows under a head, columns aligned."""
    widths = [max(len(line[column]) for line in (head, *rows)) for column in range(len(head))]
    for line in (head, *rows):
        say("  " + "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip())
