"""The guide for users: pages of Markdown in `docs/guide`, one folder per language, rendered once each.

Pictures are taken from the running app by `make shots` and lie beside the pages, not among the sources: a page reads well without them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

FOLDER = Path(__file__).parent.parent / "docs" / "guide"
PICTURES = FOLDER / "pictures"
PAGES = ("first-day", "stock-words", "receiving", "counting", "till", "offline", "people", "machines")
"""In the order in which somebody new reads them."""


class Guided(NamedTuple):
    """A page of the guide: its title, and the rest as markup of our own making."""

    name: str
    title: str
    body: Markup


def guided(name: str, language: str, address: Callable[[str], str]) -> Guided:
    """A page in a language. `address` tells where another page of the guide, or a picture, is found."""
    title, *rest = _read(name, language)
    return Guided(name, _text(title), Markup(_markdown().renderer.render(_placed(rest, address), _markdown().options, {})))  # noqa: S704


@cache
def titles(language: str) -> tuple[tuple[str, str], ...]:
    """Name and title of every page."""
    return tuple((name, _text(_read(name, language)[0])) for name in PAGES)


def picture(name: str) -> Path | None:
    """The file of a picture, if it was taken."""
    found = PICTURES / name
    return found if found.parent == PICTURES and found.suffix == ".png" and found.is_file() else None


@cache
def _markdown() -> MarkdownIt:
    # Our own files, and still no markup passes through: what is allowed is what Markdown can say.
    return MarkdownIt("commonmark", {"html": False}).enable("table")


def _read(name: str, language: str) -> list[Token]:
    """The tokens of a page: the text of its first heading, then everything below it."""
    _, title, _, *rest = _markdown().parse((FOLDER / language / f"{name}.md").read_text())
    return [title, *rest]


def _text(title: Token) -> str:
    return title.content


def _placed(tokens: Sequence[Token], address: Callable[[str], str]) -> list[Token]:
    """The tokens with their links leading to pages of the app, and without pictures that were not taken."""
    kept: list[Token] = []
    for token in tokens:
        token.children = [each for each in token.children or () if each.type != "image" or picture(str(each.attrs["src"]))]
        for each in token.children:
            for way in {"href", "src"} & each.attrs.keys():
                each.attrs[way] = address(str(each.attrs[way]))
        kept.append(token)
    return kept
