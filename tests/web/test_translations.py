"""Languages are complete: whatever people read is in English, Russian and Kyrgyz, and says the same facts in each."""

from __future__ import annotations

import ast
import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest
from babel.messages import Catalog, Message
from babel.messages.pofile import read_po

from tenants.domain import LANGUAGES
from tests.web.sentences import MODULES, sentences, unmarked_in_modules, unmarked_in_templates
from web.catalogues import FOLDER
from web.columns import COLUMNS

TRANSLATED = [language for language in LANGUAGES if language != "en"]
FORMS = {"ru": 3, "ky": 2}
"""How many forms a counted noun has."""

each_language = pytest.mark.parametrize("language", TRANSLATED)


@cache
def catalogues(language: str) -> dict[Path, Catalog]:
    """The files of a language, as they are written."""
    paths = sorted((FOLDER / language).rglob("*.po"))
    return {path: read_po(path.open("rb"), locale=language) for path in paths}


def messages(language: str) -> list[Message]:
    """Every message of a language."""
    return [message for each in catalogues(language).values() for message in each if message.id]


def said(message: Message) -> tuple[str, ...]:
    """All forms of what is said."""
    return tuple(message.string) if isinstance(message.string, (tuple, list)) else (message.string or "",)


@each_language
def test_every_sentence_is_translated(language: str) -> None:
    """Missing here? Add it to a file of web/translations/<language>/LC_MESSAGES."""
    known = {message.id for message in messages(language) if all(said(message))}
    assert {words: place for words, place in sentences().items() if words not in known} == {}


@each_language
def test_nothing_is_left_over_unsure_or_said_twice(language: str) -> None:
    asked = sentences()
    assert {message.id for message in messages(language) if message.id not in asked} == set(), "nobody says this any more"
    assert [message.id for message in messages(language) if message.fuzzy] == [], "somebody must look at it and take the mark off"
    assert {str(path): list(each.obsolete) for path, each in catalogues(language).items() if each.obsolete} == {}
    counts = Counter(message.id for message in messages(language))
    assert [words for words, count in counts.items() if count > 1] == [], "it stands in two files, and one of them wins by its name"


@each_language
def test_what_is_counted_has_every_form(language: str) -> None:
    for path, each in catalogues(language).items():
        assert each.num_plurals == FORMS[language], path
    counted = [message for message in messages(language) if isinstance(message.id, tuple)]
    assert {message.id: said(message) for message in counted if len(said(message)) != FORMS[language]} == {}


@each_language
def test_every_translation_tells_the_same_facts(language: str) -> None:
    wrong = []
    for message in messages(language):
        one, many = message.id if isinstance(message.id, tuple) else (message.id, message.id)
        for place, form in enumerate(said(message)):
            # Only where the first form is for one alone may it leave the number out, as the English one does.
            is_for_one = place == 0 and FORMS[language] == 2
            if facts(form) not in ([facts(one), facts(many)] if is_for_one else [facts(many)]):
                wrong.append((message.id, form))
    assert wrong == []


@each_language
def test_no_translation_is_the_english_sentence(language: str) -> None:
    same = {message.id for message in messages(language) if message.id in said(message)}
    assert {words for words in same if len(re.findall(r"\b[a-z]{2,}\b", re.sub(r"\{\w*\}|%\(\w+\)s", "", str(words)))) > 1} == set()


@pytest.mark.parametrize("words", [words for words in sentences() if isinstance(words, tuple)])
def test_english_counts_tell_the_same_facts(words: tuple[str, ...]) -> None:
    assert facts(words[0]) <= facts(words[1]), "the form for one may leave the number out, and says nothing more"


def test_no_template_says_a_word_that_cannot_be_translated() -> None:
    """Put it into `_(…)`. What is English in every language carries `lang="en"`."""
    assert list(unmarked_in_templates()) == []


def test_no_module_says_a_sentence_that_cannot_be_translated() -> None:
    assert list(unmarked_in_modules()) == []


def test_heads_of_files_are_words_that_are_translated() -> None:
    """Every word of a `_HEADER` of the pages is in `web.columns`, and nothing else is."""
    asked = {word for path in MODULES if path.parent.name == "pages" for word in heads(path)}
    assert asked == set(COLUMNS)


def heads(path: Path) -> set[str]:
    """The heads of the columns of the files that a module hands out."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Assign) and any(isinstance(each, ast.Name) and each.id.endswith("_HEADER") for each in node.targets):
            found |= {each.value for each in ast.walk(node.value) if isinstance(each, ast.Constant)}
    return found


def facts(text: str) -> Counter[str]:
    """The places for values in a sentence, named and unnamed, and how often each stands there."""
    return Counter(re.findall(r"%\(\w+\)[sd]|\{\}", text))


def test_there_are_catalogues_of_no_other_language() -> None:
    assert sorted(path.name for path in FOLDER.iterdir()) == sorted(TRANSLATED)
