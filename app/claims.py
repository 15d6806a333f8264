"""What a start takes for itself before it touches anything: the var folder and the port."""

from __future__ import annotations

import fcntl
import json
import os
import socket
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


@contextmanager
def port_claimed(host: str, port: int) -> Iterator[None]:
    """Hold the port for this start, which listens on it seconds later: until then another start would see it free, and the kernel
    would let both have it. A name without a file, which the kernel forgets when we end. Raises CannotStart as `need_port` does."""
    need_port(host, port)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as claim:
        try:
            claim.bind(f"\0onhand {host} {port}")
        except OSError:
            raise _taken(host, port) from None
        yield


def need_port(host: str, port: int) -> None:
    """Raises CannotStart with a port that would do when this one cannot be listened on."""
    try:
        if port_is_free(port, host):
            return
    except PermissionError:
        raise CannotStart(f"Port {port} may only be used by root: choose one from 1024 up, for example PORT=8000.") from None
    raise _taken(host, port)


def _taken(host: str, port: int) -> CannotStart:
    other = next((each for each in range(port + 1, min(port + 100, 65536)) if port_is_free(each, host)), None)
    if other is None:
        return CannotStart(f"Nothing can listen on {host}: ONHAND_HOST must be an address of this machine.")
    return CannotStart(f"Port {port} is taken by another program: stop that, or choose another one, for example PORT={other}.")


def _who_runs(descriptor: int, var: Path) -> str:
    try:
        known = json.loads(os.pread(descriptor, 1024, 0))
        return f"Onhand already runs from {var}: {known['holder']} (process {known['pid']})."
    except (ValueError, KeyError):
        return f"Onhand is just being started from {var} by another command."
