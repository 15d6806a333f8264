"""Secrets that must be read again (a provider's client secret, a second factor's seed): sealed before they are stored.

AES-256-GCM under a key derived from the app's secret, so a copy of the database alone opens nothing. What a secret is for
(tenant, kind, field) is authenticated with it: a sealed secret moved to another row or company does not open there.
"""

from __future__ import annotations

import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

VERSION = b"\x01"
"""The first byte of whatever is sealed: tells how, so that another way may come and the old one still be read."""
_NONCE_LENGTH = 12
_PURPOSE = b"onhand sealed secrets 1"


class SealBroken(Exception):
    """What was stored does not open: it was changed, moved, or sealed under another ONHAND_SECRET."""


class Seal:
    """Seals and opens texts. `secret` is the app's own; whoever changes it has to enter what was sealed again."""

    def __init__(self, secret: str) -> None:
        self._cipher = AESGCM(HKDF(SHA256(), 32, salt=None, info=_PURPOSE).derive(secret.encode()))

    def close(self, text: str, *bound_to: str | int) -> bytes:
        """The text, sealed for what it is bound to: tenant id, kind, and whatever else tells the row and the field."""
        nonce = secrets.token_bytes(_NONCE_LENGTH)
        return VERSION + nonce + self._cipher.encrypt(nonce, text.encode(), _associated(bound_to))

    def open(self, sealed: bytes, *bound_to: str | int) -> str:
        """The text again. Raises SealBroken unless it was sealed here, for the same."""
        if sealed[:1] != VERSION:
            raise SealBroken("unknown version")
        nonce, body = sealed[1 : 1 + _NONCE_LENGTH], sealed[1 + _NONCE_LENGTH :]
        try:
            return self._cipher.decrypt(nonce, body, _associated(bound_to)).decode()
        except (InvalidTag, ValueError) as problem:
            raise SealBroken("changed, moved, or sealed under another secret") from problem


def _associated(bound_to: tuple[str | int, ...]) -> bytes:
    """Each part with its length, so that ("1", "23") is not ("12", "3")."""
    parts = [str(part).encode() for part in bound_to]
    return VERSION + b"".join(len(part).to_bytes(4, "big") + part for part in parts)
