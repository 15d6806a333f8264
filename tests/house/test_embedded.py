"""The embedded servers start on a bare machine, keep what was committed, and heal from whatever cut them short."""

import asyncio
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import textwrap
import time
from collections import namedtuple
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest
import redis

from app.embedded import Postgres, Redis
from app.processes import Account, ticks
from app.server import remove, servers_home
from app.settings import CannotStart

HOUSE = Path(__file__).parents[2]


@pytest.fixture
def var() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="onhand-embedded-"))
    folder.chmod(0o711)
    yield folder
    remove(folder)


def ask(url: str, *statements: str) -> object:
    async def run() -> object:
        connection = await asyncpg.connect(url)
        try:
            for statement in statements[:-1]:
                await connection.execute(statement)
            return await connection.fetchval(statements[-1])
        finally:
            await connection.close()

    return asyncio.run(run())


def small(var: Path) -> Postgres:
    return Postgres(var, shared_buffers_mb=32)


def postmaster(var: Path) -> int:
    return int((servers_home(var, "postgres") / "postgres/postmaster.pid").read_text().split()[0])


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_keeps_data_port_and_password_from_start_to_start(var: Path) -> None:
    first = small(var)
    url = first.start()
    ask(url, "CREATE TABLE kept AS SELECT 42 AS n", "SELECT 1")
    first.stop()
    second = small(var)
    begun = time.monotonic()
    assert second.start() == url
    assert time.monotonic() - begun < 5
    assert ask(url, "SELECT n FROM kept") == 42
    second.stop()
    assert not second.alive()


def test_keeps_what_was_committed_when_killed(var: Path) -> None:
    server = small(var)
    url = server.start()
    ask(url, "CREATE TABLE kept AS SELECT 42 AS n", "SELECT 1")
    os.kill(postmaster(var), signal.SIGKILL)
    again = small(var)
    assert ask(again.start(), "SELECT n FROM kept") == 42
    again.stop()


def test_is_not_fooled_by_a_pid_that_belongs_to_another_program(var: Path) -> None:
    server = small(var)
    server.start()
    server.stop()
    account = Account.for_servers(server.data)
    other = subprocess.Popen(["sleep", "60"], user=account.uid if os.geteuid() == 0 else None)
    lock = server.data / "postmaster.pid"
    lock.write_text(f"{other.pid}\n{server.data}\n0\n5432\n\n127.0.0.1\n0 0\nready\n")
    account.give(lock)
    assert ask(server.start(), "SELECT 1") == 1
    assert other.poll() is None
    server.stop()
    other.kill()
    other.wait()


def test_begins_anew_after_a_first_start_that_was_cut_short(var: Path) -> None:
    leftover = var / "postgres.new-cafe"
    leftover.mkdir()
    (leftover / "PG_VERSION").write_text("18\n")
    (var / "postgres").mkdir()
    server = small(var)
    assert ask(server.start(), "SELECT 1") == 1
    assert not leftover.exists()
    server.stop()


def test_moves_to_another_port_when_its_own_is_taken(var: Path) -> None:
    server = small(var)
    url = server.start()
    server.stop()
    with socket.create_server(("127.0.0.1", int(url.rpartition(":")[2].split("/")[0]))):
        moved = server.start()
    assert moved != url
    assert ask(moved, "SELECT 1") == 1
    server.stop()


def test_every_commit_is_durable_and_pages_have_checksums(postgres: str) -> None:
    for setting in ("fsync", "synchronous_commit", "full_page_writes", "data_checksums"):
        assert ask(postgres, f"SHOW {setting}") == "on"
    assert ask(postgres, "SELECT datcollate || ' ' || datlocprovider::text FROM pg_database WHERE datname = 'postgres'") in (
        "C.UTF-8 b",
        "C c",
    )


def test_lets_nobody_in_without_the_password(postgres: str, redis_url: str) -> None:
    with pytest.raises(asyncpg.InvalidPasswordError):
        ask(postgres.replace(":", ":not", 2).replace("postgresql:not", "postgresql:", 1), "SELECT 1")
    with pytest.raises(redis.AuthenticationError):
        redis.Redis.from_url("redis://" + redis_url.rpartition("@")[2]).ping()


def test_keeps_passwords_from_other_users_and_from_the_process_list(var: Path) -> None:
    server = Redis(var)
    url = server.start()
    password = url.split(":")[2].split("@")[0]
    assert stat.S_IMODE((var / "redis.json").stat().st_mode) == 0o600
    listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    assert password not in listed
    assert password not in server.log.read_text()
    server.stop()


def test_does_not_begin_on_a_full_disk(var: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(10**10, 10**10, 300 * 2**20))
    with pytest.raises(CannotStart, match="Only 300 MB are free"):
        small(var).start()
    assert sorted(path.name for path in var.iterdir()) == []


def test_ends_in_order_when_the_process_that_started_it_is_killed(var: Path) -> None:
    script = f"""
        import sys, time
        from pathlib import Path
        from app.embedded import Postgres, Redis
        var = Path({str(var)!r})
        Postgres(var, 32).start(), Redis(var).start()
        print("started", flush=True)
        time.sleep(60)
    """
    parent = subprocess.Popen([sys.executable, "-c", textwrap.dedent(script)], cwd=HOUSE, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    assert parent.stdout.readline() == "started\n"
    server = postmaster(var)
    parent.kill()
    parent.wait()
    assert any(not alive(server) for _ in ticks(15))
    assert "database system is shut down" in (var / "log/postgres.log").read_text()
    parent.stdout.close()


def test_lies_outside_a_folder_that_its_user_cannot_reach(var: Path) -> None:
    closed = var / "closed"
    closed.mkdir(mode=0o700)
    inside = closed / "var"
    home = servers_home(inside, "postgres")
    if os.geteuid() == 0:
        server = small(inside)
        assert ask(server.start(), "SELECT 1") == 1
        server.stop()
        assert home == (inside / "annex").resolve()
        assert (home / "postgres/PG_VERSION").exists()
        assert stat.S_IMODE(closed.stat().st_mode) == 0o700
        assert server.data.stat().st_uid != 0
    else:
        assert home == inside
    remove(inside)


def test_says_so_when_there_are_no_programs(var: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PG_BIN", str(var))
    with pytest.raises(CannotStart, match="PG_BIN"):
        small(var).start()
