"""Server processes: the product's web and what stands beside it, started as `onhand run` starts its web, ended by id."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Mapping, Sequence

from app.children import child_environ
from app.processes import free_port, spawn_ours, wait_gone
from app.settings import CannotStart, Settings
from loadtests.bench import engine
from loadtests.bench.ground import Ground

HOST = "127.0.0.1"
_READY_S = 60.0
_STOP_S = 8.0
_STEP_S = 0.02


class Site:
    """One server process on a port of its own. `module` is run with `words`; its settings come from the environment."""

    def __init__(self, ground: Ground, module: str, words: Sequence[str] = (), more: Mapping[str, str] | None = None) -> None:
        self.port = free_port()
        self._module = module
        self._words = list(words)
        self._environ = _environ(ground, self.port) | dict(more or {})
        self._log = ground.disk / f"{module.rpartition('.')[2]}-{self.port}.log"
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Of the running process."""
        assert self._child is not None, "started"
        return self._child.pid

    async def start(self) -> None:
        """Return when it takes connections. Raises CannotStart with its last words otherwise."""
        self._child = spawn_ours(self._words, self._environ, self._log, self._module)
        for _ in range(int(_READY_S / _STEP_S)):
            if self._child.poll() is not None:
                break
            if await _takes_connections(self.port):
                return
            await asyncio.sleep(_STEP_S)
        self.kill()
        raise CannotStart(f"{self._module} did not start. The end of its log:\n{self._last_words()}")

    def stop(self) -> None:
        """End it in order."""
        child, self._child = self._child, None
        if child and child.poll() is None:
            child.terminate()
            if not wait_gone(child, _STOP_S):
                child.kill()
                child.wait()

    def kill(self) -> None:
        """End it as a power cut would."""
        child, self._child = self._child, None
        if child:
            child.kill()
            child.wait()

    def _last_words(self) -> str:
        return "\n".join(self._log.read_text(errors="replace").splitlines()[-15:])


def _environ(ground: Ground, port: int) -> dict[str, str]:
    """The settings of a web on this ground, whatever else the environment says; everything not named is the default."""
    settings = Settings(
        var=ground.disk,
        host=HOST,
        port=port,
        database_url=None,
        database_app_url=ground.ray.app,
        database_engine_url=ground.ray.engine,
        redis_url=ground.redis[0] if ground.redis else None,
        ray_address=engine.address(),
        engine="ray",
        shards=1,
    )
    known = child_environ(settings)
    return {name: text for name, text in known.items() if not name.startswith("ONHAND_") or name in _OURS}


async def _takes_connections(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection(HOST, port)
    except OSError:
        return False
    writer.close()
    return True


_OURS = frozenset({"ONHAND_VAR", "ONHAND_HOST", "ONHAND_PORT", "ONHAND_ENGINE", "ONHAND_SHARDS"})
