"""The catalogues of the sentences.

They are kept as text (`.po`, one file per part of the product and language) and read once at the start, so there is
no compiled file to forget. English is the language of the sources and needs none.
"""

from __future__ import annotations

from functools import cache
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations

FOLDER = Path(__file__).parent / "translations"


@cache
def catalogue(language: str) -> Translations:
    """All sentences of a language, from every `.po` of its folder."""
    merged = Translations()
    for path in sorted((FOLDER / language).glob("**/*.po")):
        with path.open("rb") as source:
            compiled = BytesIO()
            write_mo(compiled, read_po(source, locale=language))
        compiled.seek(0)
        part = Translations(compiled)
        merged = part if not merged.files else merged.merge(part)
        merged.files.append(str(path))
    return merged
