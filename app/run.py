"""`onhand run`: starts everything on this machine in order, keeps it going, and stops it in the opposite order.

Servers and Ray are started from the main thread, because the kernel ends children with the thread that made them.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Any

from app import provision
from app.children import Child, Web, child_environ
from app.claims import folder_claimed, port_claimed
from app.embedded import Postgres, Redis
from app.processes import spawn_ours, wait_gone
from app.progress import say, step, table
from app.provision import Urls
from app.settings import CannotStart, Settings
from app.sockets import bound_socket

REPLAY_STOP_SECONDS = 5.0


class _Stopped(KeyboardInterrupt):
    """The first Ctrl-C or SIGTERM: leaves whatever is being done. Event loops let this kind through, and no other."""


class Supervisor:
    """One run: what it has started so far, and how to stop that."""

    def __init__(self, settings: Settings, sales: str | None = None, speed: str = "max") -> None:
        self.settings = settings
        self.url = f"http://{settings.host}:{settings.port}"
        self._sales = Path(sales).absolute() if sales else None
        self._speed = speed
        self._servers: list[Postgres | Redis] = []
        self._sockets: list[socket.socket] = []
        self._children: list[Child] = []
        self._replay: subprocess.Popen[bytes] | None = None
        self._stopping = False
        self._in_a_hurry = False

    def run(self) -> int:
        """Start, serve until told to stop, stop. Raises CannotStart when it does not come to serving."""
        begun = time.monotonic()
        if self._sales and not self._sales.is_file():
            raise CannotStart(f"There is no file {self._sales} to replay.")
        self._listen()
        with ExitStack() as started:
            try:
                self._start(started)
                self._welcome(time.monotonic() - begun)
                self._serve(started)
            except (_Stopped, SystemExit):  # the latter from a handler that Ray puts in place while it starts
                say("\nStopping; once more Ctrl-C makes it quick.")
            finally:
                self._stopping = True
        say("Stopped." if self.settings.database_url else f"Stopped. Your data is in {self.settings.var}.")
        return 0

    def _start(self, started: ExitStack) -> None:
        say(f"Starting Onhand in {self.settings.var}")
        started.enter_context(folder_claimed(self.settings.var, self.url))
        self._take_port(started)
        urls = self._start_servers(started)
        data = _in_thread(lambda: self._fill(urls))
        worker = Child("worker", self.settings)
        started.callback(worker.stop, self._hurried)  # before the engine starts: it ends after it, and signs its last rows too
        self._start_engine(urls, started)
        data.result()
        self._keep(worker)
        self._start_web(started)

    def _take_port(self, started: ExitStack) -> None:
        """A socket for each web process. They are ours for good: a web process that falls leaves nobody refused."""
        started.enter_context(port_claimed(self.settings.host, self.settings.port))
        for _ in range(self.settings.web_workers):
            self._sockets.append(bound_socket(self.settings.host, self.settings.port))
            started.callback(self._sockets[-1].close)

    def _start_servers(self, started: ExitStack) -> Urls:
        """PostgreSQL and Redis, unless others are named, and the roles; from here on the settings know all addresses."""
        if self.settings.redis_url is None:
            with step("Redis-compatible server"):
                self.settings = replace(self.settings, redis_url=self._start_server(Redis(self.settings.var), started))
        if self.settings.database_url is None:
            with step("PostgreSQL"):
                admin = self._start_server(Postgres(self.settings.var), started)
            with step("Roles and database"):
                urls = asyncio.run(provision.provision(admin, provision.DATABASE, self.settings.var / "secrets.json"))
        else:
            with step("Roles in the database of DATABASE_URL"):
                urls = asyncio.run(provision.given(self.settings))
        self.settings = replace(self.settings, database_app_url=urls.app, database_engine_url=urls.engine)
        return urls

    def _start_server(self, server: Postgres | Redis, started: ExitStack) -> str:
        started.callback(server.stop, self._hurried)
        url = server.start()
        self._servers.append(server)
        return url

    def _fill(self, urls: Urls) -> None:
        """What needs the database only; runs beside the start of the engine."""
        from app import demo

        with step("Schema up to date"):
            provision.migrate(urls.owner)
        with step("Demo companies"):
            asyncio.run(demo.ensure(self.settings, urls))
            asyncio.run(provision.count_uncounted(urls.owner))

    def _start_engine(self, urls: Urls, started: ExitStack) -> None:
        if self.settings.engine == "local":
            return
        from app import wiring

        # Instead of the one that Ray would write into the home folder; whoever knows it may run code in the shards.
        os.environ.setdefault("RAY_AUTH_MODE", "token")
        os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))
        with step(f"Stock engine on Ray ({self.settings.shards} shard{'s' if self.settings.shards > 1 else ''})"):
            started.callback(_quietly, wiring.stop_cluster)
            address = wiring.start_cluster(self.settings, urls)
        if address:
            self.settings = replace(self.settings, ray_address=address)
        # Ray puts a handler of its own in place.
        self._listen()

    def _start_web(self, started: ExitStack) -> None:
        with step("Web" if self.settings.web_workers == 1 else f"Web ({self.settings.web_workers} processes)"):
            workers = [Web(self.settings, bound, number) for number, bound in enumerate(self._sockets, start=1)]
            for worker in workers:
                started.callback(worker.stop, self._hurried)
                self._keep(worker)
            started.callback(_end_all, workers)  # runs first of these: they all end at the same time
            for worker in workers:
                worker.wait_ready()

    def _keep(self, child: Child) -> None:
        """Start it, and again whenever it falls."""
        self._children.append(child)
        child.start()

    def _welcome(self, seconds: float) -> None:
        say(f"\nOnhand is ready after {seconds:.0f} s: {self.url}\n")
        path = self.settings.var / "demo.json"
        if path.exists():
            demo = json.loads(path.read_text())
            rows = [(company["tenant"], *_sign_in(user)) for company in _companies(demo) for user in company["users"]]
            table(("company", "role", "e-mail", "password"), rows)
            say(f"\nThese are in {path} too, with the API keys.")
        say("Ctrl-C stops it.\n")

    def _serve(self, started: ExitStack) -> None:
        if self._sales:
            self._replay = spawn_ours(["replay", str(self._sales), "--speed", self._speed], child_environ(self.settings), log=None)
            started.callback(self._stop_replay)
        while True:
            time.sleep(0.25)
            self._keep_servers()
            for child in self._children:
                child.keep()
            if self._replay and self._replay.poll() is not None:
                say(f"\nThe replay ended{f' with code {code}' if (code := self._replay.returncode) else ''}; Onhand goes on at {self.url}.")
                self._replay = None

    def _keep_servers(self) -> None:
        for server in self._servers:
            if not server.alive():
                say(f"{server.name} ended unexpectedly; starting it again. Its log: {server.log}")
                server.start()

    def _stop_replay(self) -> None:
        child, self._replay = self._replay, None
        if child and child.poll() is None:
            child.terminate()
            if not wait_gone(child, REPLAY_STOP_SECONDS, self._hurried):
                child.kill()
                child.wait()

    def _listen(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self._stopping:
            self._in_a_hurry = True
        else:
            self._stopping = True
            raise _Stopped

    def _hurried(self) -> bool:
        return self._in_a_hurry


def _in_thread(work: Callable[[], None]) -> Future[None]:
    """Run beside the main thread. A daemon: a stop need not wait for a migration, the database rolls it back."""
    future: Future[None] = Future()

    def body() -> None:
        try:
            work()
        except BaseException as problem:
            future.set_exception(problem)
        else:
            future.set_result(None)

    threading.Thread(target=body, name="fill", daemon=True).start()
    return future


def _end_all(workers: list[Web]) -> None:
    for worker in workers:
        worker.end()


def _quietly(stop: Callable[[], None]) -> None:
    """Stop Ray without letting its complaints keep the databases from being stopped."""
    try:
        stop()
    except Exception as problem:
        say(f"The stock engine complained while stopping: {problem}")


def _companies(demo: dict[str, Any]) -> list[dict[str, Any]]:
    return [company for company in (demo, demo.get("other_tenant")) if company]


def _sign_in(user: dict[str, str]) -> tuple[str, str, str]:
    return user["role"], user["email"], user["password"]
