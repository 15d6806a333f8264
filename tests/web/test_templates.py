"""Templates keep the house rules: nothing inline, every icon, asset and behaviour exists, every sentence is in every language."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from web.assets import MANIFEST, manifest

ROOT = Path(__file__).parents[2]
TEMPLATES = sorted((ROOT / "web/templates").rglob("*.html"))
LETTERS = sorted((ROOT / "web/templates/mail").glob("*.txt"))
SCRIPTS = sorted((ROOT / "static/js").rglob("*.js"))
KEYWORDS: dict[str, tuple[int, ...] | None] = {"_": None, "gettext": None, "ngettext": (1, 2)}

Words = str | tuple[str, ...]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT / "web/templates")))
def test_a_template_holds_nothing_inline_and_says_what_it_is_given(path: Path) -> None:
    text = path.read_text()
    assert text.startswith("{#"), "begin with a comment: what it shows, and the names and types of what it is given"
    markup = re.sub(r"\{#.*?#\}", "", text, flags=re.DOTALL)
    assert not re.search(r"\sstyle\s*=", markup), "a style attribute breaks the content security policy: give it a class"
    assert not re.search(r"<style\b", markup)
    assert not re.search(r"\son[a-z]+\s*=\s*[\"']", markup), "a handler attribute breaks the policy: ask for a behaviour with data-do"
    assert not re.search(r"<script(?![^>]*\bsrc=)", markup), "an inline script breaks the policy: make it a module"
    assert "|safe" not in markup, "what people typed must never be markup"


def test_every_asset_that_is_asked_for_is_built() -> None:
    asked = {name for path in TEMPLATES for name in re.findall(r"asset\('([^'~]+)'\)", path.read_text())}
    assert asked <= set(manifest())


def test_every_icon_that_is_asked_for_is_in_the_sprite() -> None:
    sprite = (MANIFEST.parent / manifest()["icons.svg"]).read_text()
    asked = {name for path in TEMPLATES for name in re.findall(r"\bicon\(\"([a-z0-9-]+)\"", path.read_text())}
    assert asked
    assert {name for name in asked if f'<symbol id="{name}"' not in sprite} == set()


def test_every_behaviour_that_is_asked_for_exists_and_is_asked_for() -> None:
    known = set(re.findall(r'(\w+): \(\) => import\("\./[\w/]+\.js"\)', (ROOT / "static/js/main.js").read_text()))
    asked = {name for path in TEMPLATES for names in re.findall(r'data-do="([^"]+)"', path.read_text()) for name in names.split()}
    assert asked == known


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_a_script_holds_no_sentences_and_needs_no_eval(path: Path) -> None:
    text = path.read_text()
    assert text.startswith("//")
    assert not re.search(r"\beval\(|new Function|insertAdjacentHTML|document\.write", text)
