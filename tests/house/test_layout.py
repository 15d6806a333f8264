"""The house keeps its shape: folders that exist are under contract, kit stands on nothing, `make` tells what there is."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[2]
LINTER = tomllib.loads((HOUSE / "pyproject.toml").read_text())["tool"]["importlinter"]
RANKS = ("kit", "db", "events", "tenants", "billing", "inventory", "actors", "jobs", "web", "app")


def contract(words: str) -> dict[str, list[str]]:
    return next(each for each in LINTER["contracts"] if words in each["name"])


def test_every_package_is_under_contract() -> None:
    exist = {name for name in RANKS if (HOUSE / name).is_dir()}
    assert set(LINTER["root_packages"]) == exist, "name the new package in root_packages of pyproject.toml"
    ranked = {name for rank in contract("Ranks")["layers"] for name in re.split(r" \| ", rank)}
    assert ranked == exist, "give the new package its rank in pyproject.toml"


def test_every_capability_has_its_place_in_the_line() -> None:
    exist = {path.parent.name for path in (HOUSE / "inventory").glob("*/__init__.py")}
    assert set(contract("one line")["layers"]) == exist, "give the new capability its place in the line in pyproject.toml"


@pytest.mark.parametrize("path", sorted((HOUSE / "kit").glob("*.py")), ids=lambda path: path.name)
def test_kit_stands_on_the_standard_library_alone(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        names = [each.name for each in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        for name in names:
            assert name.split(".")[0] in sys.stdlib_module_names | {"kit"}, f"{path.name} imports {name}: kit imports no third party"


def test_make_alone_lists_every_target() -> None:
    said = subprocess.run(["make"], cwd=HOUSE, capture_output=True, text=True, check=True).stdout
    for target in ("setup", "run", "test", "check", "bench", "load", "chaos", "verify", "browsers", "clean"):
        assert re.search(rf"^ +make {target} +\S", said, re.MULTILINE)


def test_locks_name_no_address_and_hash_everything() -> None:
    for name in ("requirements.lock", "requirements-dev.lock"):
        text = (HOUSE / name).read_text()
        assert "://" not in text
        for block in re.split(r"\n(?=\S)", text.strip()):
            assert "--hash=sha256:" in block, f"{name}: {block.splitlines()[0]} has no hash"


def test_the_lock_for_tests_is_the_lock_for_running_and_more() -> None:
    running, testing = [
        set(re.findall(r"^[\w.-]+==[\w.!+]+", (HOUSE / name).read_text(), re.MULTILINE))
        for name in ("requirements.lock", "requirements-dev.lock")
    ]
    assert running <= testing
