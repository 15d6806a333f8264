"""The processes of ours that a run keeps alive: started, started again when they fall, stopped in order."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from http.client import HTTPConnection, HTTPException

from app.processes import spawn_ours, ticks, wait_gone
from app.progress import say
from app.server import Hurry
from app.settings import CannotStart, Settings
from app.sockets import handed_down, is_listening

STOP_SECONDS = 8.0
"""The web drains for up to 5 seconds by itself, the worker ends its batch and signs what is left; after this they are killed. Whatever was
acknowledged is committed."""
READY_SECONDS = 60.0
BACK_OFF_SECONDS = (0.5, 1.0, 2.0, 5.0, 15.0)
STEADY_SECONDS = 60.0
"""A process that lived this long is forgiven its earlier falls."""


class Child:
    """`onhand <word>` as a process of its own, with a log of its own."""

    def __init__(self, word: str, settings: Settings, name: str = "") -> None:
        self._word = word
        self._name = name or word
        self._settings = settings
        self._log = settings.logs / f"{self._name}.log"
        self._child: subprocess.Popen[bytes] | None = None
        self._since = 0.0
        self._falls = 0
        self._again_at = 0.0

    def start(self) -> None:
        self._settings.logs.mkdir(exist_ok=True)
        self._since = time.monotonic()
        self._child = self._spawn()

    def keep(self) -> None:
        """Start it again after a while if it fell; the while grows with every fall."""
        if self._child is not None and self._child.poll() is None:
            return
        now = time.monotonic()
        if self._child is not None:
            self._falls = 1 if now - self._since > STEADY_SECONDS else self._falls + 1
            pause = BACK_OFF_SECONDS[min(self._falls, len(BACK_OFF_SECONDS)) - 1]
            self._again_at = now + pause
            say(f"The {self._name} process ended (code {self._child.returncode}); starting it again in {pause:g} s. Its log: {self._log}")
            self._child = None
        if now >= self._again_at:
            self.start()

    def end(self) -> None:
        """Ask it to stop; `stop` waits for that."""
        if self._child and self._child.poll() is None:
            self._child.terminate()

    def stop(self, hurried: Hurry) -> None:
        child, self._child = self._child, None
        if child and child.poll() is None:
            child.terminate()
            if not wait_gone(child, STOP_SECONDS, hurried):
                child.kill()
                child.wait()

    def _spawn(self) -> subprocess.Popen[bytes]:
        return spawn_ours([self._word], child_environ(self._settings), self._log)


class Web(Child):
    """A web process, which says when it is ready. It serves on a socket of ours, so that nobody is refused while it is away."""

    def __init__(self, settings: Settings, bound: socket.socket, number: int) -> None:
        super().__init__("web", settings, "web" if number == 1 else f"web-{number}")
        self._bound = bound

    def wait_ready(self) -> None:
        """Return when it says that it can serve. Raises CannotStart with its last words otherwise."""
        for _ in ticks(READY_SECONDS):
            if self._child is None or self._child.poll() is not None:
                raise CannotStart(f"The {self._name} process ended while starting. {self._last_words()}")
            if self._is_ready():
                return
            time.sleep(0.1)
        raise CannotStart(f"The {self._name} process is not ready after {READY_SECONDS:.0f} seconds. {self._last_words()}")

    def _spawn(self) -> subprocess.Popen[bytes]:
        environ = child_environ(self._settings) | handed_down(self._bound)
        return spawn_ours([self._word], environ, self._log, pass_fds=[self._bound.fileno()])

    def _is_ready(self) -> bool:
        if not is_listening(self._bound):
            return False
        connection = HTTPConnection(self._settings.host, self._settings.port, timeout=2)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()

    def _last_words(self) -> str:
        lines = self._log.read_text(errors="replace").splitlines()[-15:]
        return "\n".join([f"The end of its log, {self._log}:", *lines])


def child_environ(settings: Settings) -> dict[str, str]:
    """The environment of our processes: all addresses found out, and never the owner's."""
    environ = {name: text for name, text in os.environ.items() if name != "DATABASE_URL"}
    known = {
        "ONHAND_VAR": str(settings.var),
        "ONHAND_HOST": settings.host,
        "ONHAND_PORT": str(settings.port),
        "ONHAND_ENGINE": settings.engine,
        "ONHAND_SHARDS": str(settings.shards),
        "ONHAND_SERVER": settings.server,
        "DATABASE_APP_URL": settings.database_app_url,
        "DATABASE_ENGINE_URL": settings.database_engine_url,
        "REDIS_URL": settings.redis_url,
        "RAY_ADDRESS": settings.ray_address,
    }
    return environ | {name: text for name, text in known.items() if text}
