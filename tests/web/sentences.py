"""Every sentence that people read, as it stands in templates and Python; and sentences that nobody marked for translation."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from babel.messages.extract import extract_from_file
from jinja2 import Environment, nodes

ROOT = Path(__file__).parents[2]
WEB = ROOT / "web"
TEMPLATES = sorted((WEB / "templates").rglob("*.html"))
LETTERS = sorted((WEB / "templates/mail").glob("*.txt"))
MODULES = sorted(WEB.rglob("*.py"))
KEYWORDS: dict[str, tuple[int, ...] | None] = {"_": None, "gettext": None, "lazy_gettext": None, "ngettext": (1, 2)}
ENGLISH_ONLY = ("operation", "text", "choice", "flag", "Query", "Counter", "Histogram", "GaugeMetricFamily", "Counts", "_sample")
"""Calls whose words are for programmers: the API explains itself in English, as its field names do. And samples of the style guide."""
UNTRANSLATED = {
    "Onhand",
    "English",
    "OpenAPI",
    "CSV",
    "SKU",
    "UTC",
    "QR",
    "Authorization",
    "Bearer",
    "PLU",
    "API",
    "Entra",
    "ID",
    "Enter",
    "Esc",
}
"""Names, keys as they are printed, and short forms that are the same everywhere."""

NEVER_SAID = {'Bearer realm="onhand"', "Mac OS X|Macintosh"}
"""Texts that look like sentences and are read by programs."""

Words = str | tuple[str, ...]
_SENTENCE = re.compile(r"[A-Z][a-z]*[ ,].*[a-z]", re.DOTALL)
_WORD = re.compile(r"[A-Za-z]{2,}")
_CODES = {"code", "sku", "secret", "who"}
_READ = {"aria-label", "placeholder", "title", "alt", "aria-description"}


def sentences() -> dict[Words, str]:
    """Every marked sentence, with a place that says it. One with a plural is a pair."""
    found: dict[Words, str] = {}
    options = {"silent": "false", "trimmed": "true"}
    for path in TEMPLATES + LETTERS:
        for line, words, *_ in extract_from_file("jinja2.ext:babel_extract", path, keywords=KEYWORDS, options=options):
            found[words] = f"{path.relative_to(ROOT)}:{line}"
    for path in MODULES:
        for line, words, *_ in extract_from_file("python", path, keywords=KEYWORDS):
            found[words] = f"{path.relative_to(ROOT)}:{line}"
    return found


def unmarked_in_modules() -> Iterator[str]:
    """Places of Python where a sentence stands that no catalogue will ever hold."""
    marked = {*sentences(), *NEVER_SAID}
    for path in MODULES:
        if "api" not in path.relative_to(WEB).parts:
            for node in _texts(ast.parse(path.read_text())):
                if _SENTENCE.match(node.value) and node.value not in marked and not _is_excused(node):
                    yield f"{path.relative_to(ROOT)}:{node.lineno}: {node.value[:80]}"


def unmarked_in_templates() -> Iterator[str]:
    """Places of templates where words stand that are the same in every language."""
    environment = Environment(extensions=["jinja2.ext.i18n"], autoescape=True)
    for path in TEMPLATES:
        if path.name == "letter.html" or "styleguide" in path.parts:
            continue
        text = path.read_text()
        reader = _Reader()
        reader.feed(
            "".join(value if kind == "data" else "\0" if kind == "variable_end" else "" for _, kind, value in environment.lex(text))
        )
        for said in [*reader.said, *_spoken(environment.parse(text), False)]:
            if words := set(_WORD.findall(said)) - UNTRANSLATED:
                yield f"{path.relative_to(ROOT)}: {said.strip()[:80]!r} says {sorted(words)}"


def read_aloud(page: str) -> list[str]:
    """What people read or hear of a page, without codes and what is in a language of its own."""
    reader = _Reader()
    reader.feed(page)
    return reader.said


def _texts(tree: ast.AST) -> Iterator[Any]:
    """Every literal text, knowing its parents."""
    for parent in ast.walk(tree):
        for child in ast.iter_child_nodes(parent):
            child.parent = parent  # type: ignore[attr-defined]
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node


def _is_excused(node: ast.AST) -> bool:
    """Whether a text is marked, a docstring, for programmers, or what an assertion says."""
    inner = node
    while parent := getattr(inner, "parent", None):
        if isinstance(parent, ast.Call) and _name(parent.func) in (*KEYWORDS, *ENGLISH_ONLY, "AssertionError"):
            return True
        if isinstance(parent, ast.Assert) or (isinstance(parent, ast.Expr) and inner is node):
            return True
        inner = parent
    return False


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else function.id if isinstance(function, ast.Name) else ""


def _spoken(node: nodes.Node, marked: bool) -> Iterator[str]:
    """Literal texts of expressions that begin like a sentence and are not marked."""
    marked = marked or (isinstance(node, nodes.Call) and isinstance(node.node, nodes.Name) and node.node.name in KEYWORDS)
    if isinstance(node, nodes.Const) and isinstance(node.value, str) and re.match(r"[A-Z][a-z]+", node.value) and not marked:
        yield node.value
    for child in node.iter_child_nodes():
        yield from _spoken(child, marked)


class _Reader(HTMLParser):
    """Collects what people read or hear of markup whose expressions were cut out."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self._silent: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Names for those who hear; and whether what follows is for machines, or in a language of its own."""
        self.said += [value for name, value in attrs if name in _READ and value]
        marks = dict(attrs)
        is_code = not _CODES.isdisjoint((marks.get("class") or "").split())
        is_silent = tag in ("script", "code", "kbd", "time") or is_code or (tag != "html" and "lang" in marks)
        if (self._silent or is_silent) and tag not in (
            "br",
            "img",
            "input",
            "meta",
            "link",
            "col",
            "hr",
            "wbr",
            "path",
            "rect",
            "use",
            "line",
        ):
            self._silent.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """The end of what is silent."""
        if tag in self._silent:
            del self._silent[len(self._silent) - 1 - self._silent[::-1].index(tag) :]

    def handle_data(self, data: str) -> None:
        """Text."""
        # Attributes that a block puts into a tag of another template look like text here.
        data = re.sub(r'[\w-]+="[^"]*"', "", data)
        if not self._silent and data.strip():
            self.said.append(data)
