"""Text that people typed: trimmed, bounded, printable."""

from __future__ import annotations

import re
import unicodedata

_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)
_CODE = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9 ._/+-]{0,62}[A-Za-z0-9._+-])?", re.ASCII)
_KEY = re.compile(r"[\x20-\x7e]{1,255}", re.ASCII)

_LATIN = str.maketrans("абвгдеёзийклмнопрстуфыэңөү", "abvgdeeziyklmnoprstufyenou") | {
    ord(letter): latin
    for letter, latin in (("ж", "zh"), ("х", "kh"), ("ц", "ts"), ("ч", "ch"), ("ш", "sh"), ("щ", "shch"), ("ю", "yu"), ("я", "ya"))
}


def clean(text: str, length_max: int) -> str:
    """Trimmed NFC text. Raises ValueError `text_too_long` or `unprintable_text` (control characters, lone surrogates)."""
    if text.isascii() and text.isprintable() and len(text) <= length_max:
        return text.strip()  # most texts, and references of every command
    text = unicodedata.normalize("NFC", text).strip()
    if len(text) > length_max:
        raise ValueError("text_too_long")
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in text):
        raise ValueError("unprintable_text")
    return text


def unscrambled(text: str) -> str:
    """Text whose UTF-8 was once read as cp1252, put right, however often that happened: `CÃ´te` is Côte. Other text stays as it is."""
    while not text.isascii():
        try:
            repaired = b"".join(map(_octet, text)).decode()
        except UnicodeError:
            return text
        text = repaired
    return text


def _octet(character: str) -> bytes:
    """The byte that was read as this character; the five that cp1252 has no sign for were read as Latin-1."""
    try:
        return character.encode("cp1252")
    except UnicodeEncodeError:
        return character.encode("latin-1")


def is_slug(text: str) -> bool:
    """Lower-case letters, digits and inner hyphens, up to 63: a tenant's name in an address."""
    return _SLUG.fullmatch(text) is not None


def slug_from(name: str) -> str:
    """A slug that sounds like the name: Cyrillic is spelled in Latin letters, the rest becomes hyphens. Empty when nothing is left."""
    latin = name.lower().translate(_LATIN)
    plain = unicodedata.normalize("NFKD", latin).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain)[:63].strip("-")


def is_code(text: str) -> bool:
    """A SKU or warehouse code: ASCII letters, digits and `. _ / + -` or inner spaces, up to 64."""
    return _CODE.fullmatch(text) is not None


def is_idempotency_key(text: str) -> bool:
    """1 to 255 printable ASCII characters."""
    return _KEY.fullmatch(text) is not None
