"""Passwords, API keys and tokens: made here, checked here, and never stored as they were given out.

A password is slow to check on purpose (argon2id), so checking runs in two threads of its own: a burst of sign-ins makes
sign-ins wait, never the stock. Keys and tokens carry 256 random bits, so a plain SHA-256 of them is safe to store.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from kit.errors import refuse
from kit.ids import token
from kit.text import is_slug

THREADS = 2
QUEUE_MAX = 64
"""Checks that may wait; at 40 ms each in two threads the last one waits little over a second. More are sent away."""
KEY_BEGINS = "oh_"
KEY_PREFIX_LENGTH = 6

_KEY = re.compile(KEY_BEGINS + r"([a-z0-9-]{1,63})_([A-Za-z0-9_-]{43})", re.ASCII)
_COOKIE = re.compile(r"([a-z0-9-]{1,63})\.([A-Za-z0-9_-]{43})", re.ASCII)
_Answer = TypeVar("_Answer")


class Passwords:
    """Hashes and checks passwords away from the event loop. Cheaper parameters are for tests only."""

    # The first choice of the OWASP cheat sheet: 46 MiB, one pass, one lane. About 40 ms on a small server.
    def __init__(self, memory_kib: int = 47_104, passes: int = 1) -> None:
        self._hasher = PasswordHasher(time_cost=passes, memory_cost=memory_kib, parallelism=1)
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="passwords")
        self._waiting = 0
        self._nobody: str | None = None

    async def hash(self, password: str) -> str:
        """A salted hash that tells its own parameters."""
        return await self._run(lambda: self._hasher.hash(password))

    async def matches(self, password: str, stored: str | None) -> bool:
        """Whether the password is the stored one. Without a stored one the work is the same and the answer False."""
        return await self._run(lambda: self._matches(password, stored))

    def is_outdated(self, stored: str) -> bool:
        """True if the hash was made with parameters that are no longer ours."""
        return self._hasher.check_needs_rehash(stored)

    def close(self) -> None:
        """Let the threads end."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _matches(self, password: str, stored: str | None) -> bool:
        if stored is None and self._nobody is None:
            self._nobody = self._hasher.hash(token())
        try:
            return self._hasher.verify(stored or self._nobody or "", password) and stored is not None
        except (VerificationError, InvalidHashError):
            return False

    async def _run(self, work: Callable[[], _Answer]) -> _Answer:
        if self._waiting >= QUEUE_MAX:
            raise refuse("unavailable")
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._waiting -= 1


@dataclass(frozen=True, slots=True)
class Secret:
    """A key or token once: `text` goes to its holder, `hash` is kept."""

    text: str
    hash: bytes

    @property
    def prefix(self) -> str:
        """The beginning that may be shown: enough to recognise a key, useless to guess it."""
        return self.text[: -(43 - KEY_PREFIX_LENGTH)]


def new_key(slug: str) -> Secret:
    """An API key of the tenant: `oh_<slug>_<43 characters>`."""
    return _secret(f"{KEY_BEGINS}{slug}_{token()}")


def new_session(slug: str) -> Secret:
    """A session, as its cookie: the slug tells whose rows to look in before anything else is known."""
    return _secret(f"{slug}.{token()}")


def new_link(slug: str) -> Secret:
    """What a link in a letter ends with, in the form of a session: the slug tells whose rows to look in."""
    return _secret(f"{slug}.{token()}")


def new_ticket() -> Secret:
    """A ticket for one connection."""
    return _secret(token())


def slug_of_key(key: str) -> str | None:
    """The tenant an API key says it is of, or None when it is no key of ours."""
    return _slug(_KEY.fullmatch(key))


def slug_of_session(cookie: str) -> str | None:
    """The tenant a session cookie says it is of, or None when it is no cookie of ours."""
    return _slug(_COOKIE.fullmatch(cookie))


def slug_of_link(link: str) -> str | None:
    """The tenant that the link of a letter says it is of, or None when it is no link of ours."""
    return _slug(_COOKIE.fullmatch(link))


def fingerprint(text: str) -> bytes:
    """What is stored of a key, session, ticket, link or recovery code."""
    return hashlib.sha256(text.encode(errors="surrogatepass")).digest()


def _secret(text: str) -> Secret:
    return Secret(text, fingerprint(text))


def _slug(match: re.Match[str] | None) -> str | None:
    return match.group(1) if match and is_slug(match.group(1)) else None
