"""Where the replay is: a bar in a terminal, a line now and then anywhere else."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

LINE_S = 2.0
"""How often a line is printed where there is no terminal."""
Advance = Callable[[int, str], None]


@contextmanager
def progress(name: str, total: int, done: int = 0) -> Iterator[Advance]:
    """Show a step of so many parts. Call what is yielded with the parts just done and a note about them."""
    if total <= 0:
        yield lambda count, note: None
    elif sys.stdout.isatty():
        yield from _bar(name, total, done)
    else:
        yield from _lines(name, total, done)


def _bar(name: str, total: int, done: int) -> Iterator[Advance]:
    columns = (
        TextColumn("  {task.description:<16}"),
        BarColumn(bar_width=30),
        TaskProgressColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(compact=True),
        TextColumn("{task.fields[note]}"),
    )
    with Progress(*columns, console=Console(highlight=False), refresh_per_second=5) as shown:
        task = shown.add_task(name, total=total, completed=done, note="")

        def advance(count: int, note: str) -> None:
            shown.update(task, advance=count, note=note)

        yield advance


def _lines(name: str, total: int, done: int) -> Iterator[Advance]:
    reached, last = done, time.monotonic()

    def advance(count: int, note: str) -> None:
        nonlocal reached, last
        reached += count
        if reached >= total or time.monotonic() - last >= LINE_S:
            last = time.monotonic()
            print(f"  {name}: {reached:,} of {total:,} ({100 * reached // total} %) {note}".rstrip(), flush=True)

    yield advance
