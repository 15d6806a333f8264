"""Child processes that end with their parent, and the user that servers run as when we are root."""

from __future__ import annotations

import ctypes
import os
import pwd
import random
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.settings import CannotStart

_PR_SET_PDEATHSIG = 1
_PARENT = "ONHAND_PARENT_PID"
# Loaded here because the child may not load anything between fork and exec.
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
# Below the range from which the kernel takes ports for outgoing connections, above the one Ray gives to its workers.
_PORTS = range(20_000, 32_000)
_STEP_SECONDS = 0.01


@dataclass(frozen=True, slots=True)
class Account:
    """The user a server runs as. PostgreSQL refuses to run as root, so root lends it somebody with no rights."""

    uid: int
    gid: int
    name: str

    @classmethod
    def for_servers(cls, data: Path) -> Account:
        """Ourselves; when root, whoever owns the data already, else `nobody`. Raises CannotStart when there is no such user."""
        if os.geteuid() != 0:
            return cls(os.geteuid(), os.getegid(), str(os.geteuid()))
        if data.is_dir() and data.stat().st_uid != 0:
            return cls(data.stat().st_uid, data.stat().st_gid, str(data.stat().st_uid))
        try:
            nobody = pwd.getpwnam("nobody")
        except KeyError:
            raise CannotStart(
                "PostgreSQL will not run as root and there is no user 'nobody' to run it as; start as an ordinary user."
            ) from None
        return cls(nobody.pw_uid, nobody.pw_gid, "nobody")

    @property
    def is_us(self) -> bool:
        return self.uid == os.geteuid()

    def may_reach(self, path: Path) -> bool:
        """Whether this account can pass every folder down to `path` and read what stands there."""
        return self.is_us or (self.may_pass(path.resolve().parent) and self._allowed(path.resolve(), 0o5))

    def may_pass(self, folder: Path) -> bool:
        """Whether this account can reach what stands in `folder` when it knows the name."""
        resolved = folder.resolve()
        return self.is_us or all(self._allowed(each, 0o1) for each in (resolved, *resolved.parents))

    def _allowed(self, path: Path, bits: int) -> bool:
        status = path.stat()
        shift = 6 if status.st_uid == self.uid else 3 if status.st_gid == self.gid else 0
        return stat.S_IMODE(status.st_mode) >> shift & bits == bits

    def give(self, path: Path) -> None:
        """Make `path` this account's."""
        if not self.is_us:
            os.chown(path, self.uid, self.gid)


def spawn(
    argv: Sequence[str | Path],
    *,
    log: Path,
    environ: Mapping[str, str],
    account: Account | None = None,
    cwd: Path | None = None,
    dies_by: signal.Signals = signal.SIGKILL,
    stdin: bytes = b"",
) -> subprocess.Popen[bytes]:
    """Start a server in a session of its own, so that Ctrl-C reaches only us, that gets `dies_by` when we die in whatever way.

    Call it from a thread that lives as long as the child should: the kernel watches the thread, not the process.
    """
    drop = account if account and not account.is_us else None
    reader = _filled_pipe(stdin) if stdin else subprocess.DEVNULL
    try:
        with log.open("ab") as output:
            return subprocess.Popen(
                [str(word) for word in argv],
                stdin=reader,
                stdout=output,
                stderr=output,
                cwd=cwd,
                env=dict(environ),
                start_new_session=True,
                user=drop.uid if drop else None,
                group=drop.gid if drop else None,
                extra_groups=[] if drop else None,
                # Runs after the change of user, which would have cleared it.
                preexec_fn=_ends_with(os.getpid(), dies_by),
            )
    finally:
        if stdin:
            os.close(reader)


def spawn_ours(
    words: Sequence[str], environ: Mapping[str, str], log: Path | None, module: str = "app", pass_fds: Sequence[int] = ()
) -> subprocess.Popen[bytes]:
    """Start a command of ours (`web`, `worker`, `replay`) in a session of its own; without a log it speaks to our terminal.

    It arranges its own end (`end_with_parent`): running code between fork and exec is not safe once Ray's threads are here.
    """
    output = log.open("ab") if log else None
    argv, how = ours(words, environ, module)
    try:
        return subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=output, stderr=output, pass_fds=pass_fds, **how)
    finally:
        if output:
            output.close()


def ours(words: Sequence[str], environ: Mapping[str, str], module: str = "app") -> tuple[list[str], dict[str, Any]]:
    """The command line of a command of ours, and how to start it: in our folder, ending with us."""
    return [sys.executable, "-m", module, *words], {
        "env": dict(environ) | {_PARENT: str(os.getpid())},
        # `-m` looks in the working folder first; ours is the right one wherever we were called from.
        "cwd": Path(__file__).parent.parent,
        "start_new_session": True,
    }


def end_with_parent() -> None:
    """Make the kernel kill this process when the supervisor that started it dies. Does nothing for one started by hand."""
    parent = os.environ.pop(_PARENT, None)
    if parent is None:
        return
    arrange = _ends_with(int(parent), signal.SIGKILL)
    if arrange:
        arrange()


def _ends_with(parent: int, dies_by: signal.Signals) -> Callable[[], None] | None:
    if _LIBC is None:
        return None
    prctl = _LIBC.prctl

    def arrange() -> None:
        prctl(_PR_SET_PDEATHSIG, int(dies_by), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return arrange


def _filled_pipe(data: bytes) -> int:
    """A pipe that already holds `data` (a few hundred bytes, less than its buffer) and then ends."""
    reader, writer = os.pipe()
    os.write(writer, data)
    os.close(writer)
    return reader


def wait_gone(child: subprocess.Popen[bytes], seconds: float, hurry: Callable[[], bool] = lambda: False) -> bool:
    """Whether the child ended within `seconds`; stops waiting early when `hurry()` turns true."""
    for _ in ticks(seconds):
        if child.poll() is not None:
            return True
        if hurry():
            return False
    return child.poll() is not None


def ticks(seconds: float) -> Iterator[float]:
    """Moments to look again, as seconds since the start, until `seconds` have passed."""
    start = time.monotonic()
    while (passed := time.monotonic() - start) < seconds:
        yield passed
        time.sleep(_STEP_SECONDS)


def port_is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Whether a server could listen there now. Raises PermissionError for a port that is not ours to take."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except PermissionError:
            raise
        except OSError:
            return False
    return True


def free_port() -> int:
    """A port nobody listens on. Random, so that two starts at the same moment seldom choose the same."""
    while not port_is_free(port := random.choice(_PORTS)):
        pass
    return port
