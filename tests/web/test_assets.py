"""Screen assets: built once, hashed, compressed; a build that cannot be done says why and leaves what was there."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from pathlib import Path

import pytest

from app import assets
from app.assets import Node
from app.settings import CannotStart
from web.assets import MANIFEST, asset, manifest

ROOT = Path(__file__).parents[2]
DIST = MANIFEST.parent
STYLES_MAX = 24_500
"""Bytes on the wire: of Tabler 7,400 remain, parts and tokens of ours are 16,500, paper among them. All of Tabler would be 54,500."""
FIRST_SCRIPTS_MAX = 22_000
"""htmx and what every page loads before anything is asked for."""


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with something to build, and a Node that does as it is told by files in `tools/`."""
    for name in ("package.json", "package-lock.json", "static/build.mjs", "static/css/all.css", "web/templates/page.html"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    tool(tmp_path, "npm", "mkdir -p node_modules && echo ran >> tools/npm.log")
    tool(tmp_path, "node", "mkdir -p static/dist && echo ran >> tools/node.log")
    node = Node(str(tmp_path / "tools/node"), (str(tmp_path / "tools/npm"),))
    monkeypatch.setattr(assets, "find_node", lambda: node)
    return tmp_path


def tool(root: Path, name: str, script: str) -> None:
    path = root / "tools" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def runs(root: Path, name: str) -> int:
    log = root / "tools" / f"{name}.log"
    return len(log.read_text().splitlines()) if log.exists() else 0


def test_builds_once_and_again_only_when_something_changed(house: Path) -> None:
    assert assets.make(house)
    assert not assets.make(house)
    (house / "web/templates/page.html").write_text("another word")
    assert assets.make(house)
    assert (runs(house, "npm"), runs(house, "node")) == (1, 2)


def test_packages_are_fetched_again_when_the_lock_changes(house: Path) -> None:
    assets.make(house)
    (house / "package-lock.json").write_text("another version")
    assets.make(house)
    assert (runs(house, "npm"), runs(house, "node")) == (2, 2)


def test_a_registry_out_of_reach_is_told_in_a_sentence_and_the_next_run_goes_on(house: Path) -> None:
    tool(house, "npm", "echo npm error code ECONNREFUSED; exit 1")
    with pytest.raises(CannotStart, match=r"is the npm registry within reach\?\n  npm error code ECONNREFUSED") as told:
        assets.make(house)
    assert "run make again" in str(told.value)
    tool(house, "npm", "mkdir -p node_modules")
    assert assets.make(house)


def test_a_build_that_fails_is_not_taken_for_done(house: Path) -> None:
    tool(house, "node", "mkdir -p static/dist && exit 1")
    with pytest.raises(CannotStart, match="could not be built"):
        assets.make(house)
    tool(house, "node", "true")
    assert assets.make(house)
    assert runs(house, "npm") == 1


@pytest.mark.parametrize(
    ("said", "old"), [("v18.20.4", True), ("v20.10.0", True), ("v20.11.0", False), ("v24.19.0", False), ("nonsense", True)]
)
def test_a_node_that_is_too_old_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, old: bool) -> None:
    tool(tmp_path, "node", f"echo {said}")
    tool(tmp_path, "npm", "true")
    monkeypatch.setenv("PATH", f"{tmp_path / 'tools'}:/usr/bin:/bin")
    monkeypatch.setattr(assets, "_node_from_wheel", lambda: Node("from a wheel", ()))
    assert (assets.find_node().node == "from a wheel") is old


def test_an_account_that_cannot_write_its_home_keeps_npms_cache_beside_the_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("npm_config_cache", raising=False)
    monkeypatch.setenv("HOME", "/proc/1")
    monkeypatch.setattr("os.access", lambda path, mode: False)
    assert assets._environment(None)["npm_config_cache"].endswith(".stamps/npm")


def test_the_lock_names_no_registry() -> None:
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    assert all("resolved" not in package for package in packages.values())
    assert all("integrity" in package for name, package in packages.items() if name)


def test_every_file_has_the_hash_of_its_content_in_its_name() -> None:
    for name, hashed in manifest().items():
        content = (DIST / hashed).read_bytes()
        assert hashlib.sha256(content).hexdigest()[:12] in hashed
        assert Path(hashed).suffix == Path(name).suffix


def test_text_is_compressed_beforehand_both_ways() -> None:
    for hashed in manifest().values():
        plain = DIST / hashed
        if plain.suffix in (".css", ".js", ".svg") and plain.stat().st_size >= 256:
            assert gzip.decompress(Path(f"{plain}.gz").read_bytes()) == plain.read_bytes()
            assert Path(f"{plain}.br").stat().st_size <= Path(f"{plain}.gz").stat().st_size


def test_scripts_import_only_hashed_files_that_are_there() -> None:
    for name, hashed in manifest().items():
        if name.startswith("js/") and "vendor" not in name:
            for imported in re.findall(r'(?:from\s*|import\s*\(\s*)"(\.[^"]+)"', (DIST / hashed).read_text()):
                assert (DIST / hashed).parent.joinpath(imported).resolve().is_file()
                assert imported not in (ROOT / "static" / name).read_text()


def test_styles_name_only_fonts_that_are_there() -> None:
    styles = (DIST / manifest()["app.css"]).read_text()
    fonts = re.findall(r'url\("?(fonts/[^")]+)', styles)
    assert len(fonts) == 3
    assert all((DIST / font).is_file() for font in fonts)
    assert "http" not in re.sub(r"http://www\.w3\.org/2000/svg", "", styles)


def test_the_first_page_is_light() -> None:
    def wire(name: str) -> int:
        return (DIST / f"{manifest()[name]}.br").stat().st_size

    assert wire("app.css") < STYLES_MAX
    assert sum(wire(name) for name in ("js/vendor/htmx.js", "js/main.js", "js/live.js", "js/keys.js")) < FIRST_SCRIPTS_MAX


def test_an_unknown_asset_is_an_error_and_not_a_dead_link() -> None:
    assert asset("app.css").startswith("/static/app.")
    with pytest.raises(LookupError, match=r"no asset 'nothing\.css'"):
        asset("nothing.css")
