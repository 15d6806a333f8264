"""The guide for users: every page in every language, leading where it says, in the very words of the screens."""

from __future__ import annotations

import re

import pytest

from tenants.domain import LANGUAGES
from tests.web.conftest import Site
from tests.web.sentences import sentences
from web import guide
from web.catalogues import catalogue

EVERY = [(language, name) for language in LANGUAGES for name in guide.PAGES]
each_page = pytest.mark.parametrize(("language", "name"), EVERY)


def source(language: str, name: str) -> str:
    return (guide.FOLDER / language / f"{name}.md").read_text()


@each_page
def test_a_page_is_short_and_begins_with_its_title(language: str, name: str) -> None:
    text = source(language, name)
    assert re.match(r"# \S", text) and text.count("\n# ") == 0
    assert 60 < len(text.split()) < 400, "a page is read while somebody waits at the counter"


@each_page
def test_a_page_has_the_same_shape_in_every_language(language: str, name: str) -> None:
    shape = [re.findall(pattern, source(language, name), re.M) for pattern in (r"^#+ ", r"^\d\. ", r"^- ", r"^\|", r"\]\(([\w-]+\.md)\)")]
    assert shape == [
        re.findall(pattern, source("en", name), re.M) for pattern in (r"^#+ ", r"^\d\. ", r"^- ", r"^\|", r"\]\(([\w-]+\.md)\)")
    ]


@each_page
def test_what_a_page_prints_in_bold_stands_on_a_screen(language: str, name: str) -> None:
    """So whoever looks for it finds it, and a word that changes on the screens changes here."""
    words = {form for each in sentences() for form in ([each] if isinstance(each, str) else each)}
    shown = words if language == "en" else {catalogue(language).gettext(each) for each in words}
    assert set(re.findall(r"\*\*(.+?)\*\*", source(language, name))) - shown == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_there_are_no_other_pages(language: str) -> None:
    assert {path.stem for path in (guide.FOLDER / language).iterdir()} == set(guide.PAGES)


async def test_everybody_reads_it_at_the_door_and_inside(site: Site) -> None:
    stranger, bob = site.browser(), await site.entered_by(site.world.bob)
    at_the_door = await (await stranger.get("/help/receiving", Accept_Language="ru")).get_data(as_text=True)
    assert "<h1>Приёмка товара</h1>" in at_the_door and 'href="/help/counting"' in at_the_door
    inside = await (await bob.get(f"/t/{site.world.bob.tenant.slug}/help/receiving")).get_data(as_text=True)
    assert "<h1>Receiving goods</h1>" in inside and f'href="/t/{site.world.bob.tenant.slug}/help/counting"' in inside


@pytest.mark.parametrize("path", ["/help/secrets", "/help/..%2f..%2fREADME", "/help/pictures/..%2fen%2ftill.md", "/help/pictures/none.png"])
async def test_there_is_nothing_else_to_be_had(site: Site, path: str) -> None:
    assert (await site.browser().get(path)).status_code == 404


async def test_a_picture_that_was_not_taken_leaves_no_hole(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guide, "picture", lambda name: None)
    assert "<img" not in await (await site.browser().get("/help/till")).get_data(as_text=True)
