"""What a start takes for itself before it touches anything: the var folder and the port."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.processes import port_is_free
from app.settings import CannotStart, make_folder


class Claimed(CannotStart):
    """Another process holds the folder."""


@contextmanager
def folder_claimed(var: Path, holder: str) -> Iterator[None]:
    """Hold `var` for this process; `holder` tells others who that is. The kernel lets go when we end. Raises Claimed."""
    make_folder(var)
    descriptor = os.open(var / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Claimed(_who_runs(descriptor, var)) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps({"pid": os.getpid(), "holder": holder}).encode(), 0)
        yield
    finally:
        os.close(descriptor)


def need_port(host: str, port: int) -> None:
    """Raises CannotStart with a port that would do when this one cannot be listened on."""
    try:
        if port_is_free(port, host):
            return
    except PermissionError:
        raise CannotStart(f"Port {port} may only be used by root: choose one from 1024 up, for example PORT=8000.") from None
    other = next((each for each in range(port + 1, min(port + 100, 65536)) if port_is_free(each, host)), None)
    if other is None:
        raise CannotStart(f"Nothing can listen on {host}: ONHAND_HOST must be an address of this machine.")
    raise CannotStart(f"Port {port} is taken by another program: stop that, or choose another one, for example PORT={other}.")


def _who_runs(descriptor: int, var: Path) -> str:
    try:
        known = json.loads(os.pread(descriptor, 1024, 0))
        return f"Onhand already runs from {var}: {known['holder']} (process {known['pid']})."
    except (ValueError, KeyError):
        return f"Onhand is just being started from {var} by another command."
