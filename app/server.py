"""What the embedded servers share: a folder, a port that stays the same, a password, a log, an orderly start and stop."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import signal
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from app import binaries
from app.processes import Account, free_port, port_is_free, ticks, wait_gone
from app.settings import CannotStart, make_folder

DISK_FREE_MIN = 500 * 2**20
"""Bytes that must be free: PostgreSQL stops in the middle of a commit when the disk is full, so we do not begin."""
_STOP_SECONDS = 30.0
_PORT_TRIES = 5
Hurry = Callable[[], bool]


class Server:
    """One server program with its data in `var`. Subclasses say what it is called, how it is prepared, launched and asked."""

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
