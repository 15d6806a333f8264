"""A parent that does nothing but wait, so that a run leaves no process behind however it ends.

The kernel ends our own children with us, and Ray's with its node; but helpers that Ray starts of itself linger for
minutes after a kill -9. Orphans become children of the nearest "subreaper", which this parent is, so it can end them.
Killed itself, it takes the supervisor with it in order.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_POLITE_SECONDS = 0.5
_PATIENT_SECONDS = 3.0
_POSTGRES_SECONDS = 30.0
"""PostgreSQL was told to stop in order when the supervisor went, and may have to write out what it holds."""


def guarded(work: Callable[[], int]) -> int:
    """The exit code of `work`, done in a child whose whole offspring is gone when this returns. Call it before any thread exists.

    Outside Linux it is done here: there Ray has a reaper of its own.
    """
    if sys.platform != "linux":
        return work()
    prctl = ctypes.CDLL(None).prctl
    prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    guardian = os.getpid()
    child = os.fork()
    if child == 0:
        # Out of the terminal's foreground group: Ctrl-C reaches the guardian only, which passes it on once.
        os.setpgid(0, 0)
        prctl(_PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0)
        if os.getppid() != guardian:
            os._exit(1)
        return work()
    code = _wait_for(child)
    _clear_up()
    return code


def _wait_for(child: int) -> int:
    def pass_on(number: int, frame: FrameType | None) -> None:
        os.kill(child, number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, pass_on)
    while True:
        pid, status = os.wait()
        if pid == child:
            return os.waitstatus_to_exitcode(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status)


def _clear_up() -> None:
    """Wait for the orphans, then ask them to end, then end them."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    begun = time.monotonic()
    while _reap_and_look():
        passed = time.monotonic() - begun
        for pid in _children():
            if _name(pid) == "postgres":
                if passed > _POSTGRES_SECONDS:
                    os.kill(pid, signal.SIGKILL)
            elif passed > _POLITE_SECONDS:
                os.kill(pid, signal.SIGKILL if passed > _PATIENT_SECONDS else signal.SIGTERM)
        time.sleep(0.05)


def _reap_and_look() -> bool:
    """Whether there are children that still run."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return False
    return True


def _children() -> list[int]:
    me = str(os.getpid())
    return [pid for pid in map(int, filter(str.isdigit, os.listdir("/proc"))) if _status(pid)[1:2] == [me]]


def _name(pid: int) -> str:
    return _read(pid, "comm").strip()


def _status(pid: int) -> list[str]:
    """State, parent and so on; nothing when the process is gone."""
    return _read(pid, "stat").rpartition(")")[2].split()


def _read(pid: int, name: str) -> str:
    try:
        return Path(f"/proc/{pid}/{name}").read_text()
    except OSError:
        return ""
