"""What the address of a list asks for: search, filters, sorting, page. All of it lives in the address, so it can be shared."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlencode

from quart import request

from kit.errors import refuse
from kit.paging import Page
from kit.text import clean

Q_LENGTH_MAX = 100
PAGE_ROWS = 50
CSV_ROWS = 500
"""Rows of one round when a whole list becomes a file."""
ROWS_MAX = 50_000
"""Rows of a file made while somebody waits; more belongs into an export."""

_OF_A_MOMENT = frozenset({"cursor", "format", "part", "open"})
"""Questions of an address that are not about which rows a list has."""

_Row = TypeVar("_Row")
_Filter = TypeVar("_Filter", bound=Any)


def arg(name: str, length_max: int = Q_LENGTH_MAX) -> str:
    """A text of the address, empty when it is not there. Refuses what no list could contain."""
    try:
        return clean(request.args.get(name, ""), length_max)
    except ValueError as problem:
        raise refuse(str(problem), {"field": name}) from None


def arg_or_none(name: str) -> str | None:
    """A filter of the address; an empty one filters nothing."""
    return arg(name) or None


def one_of(name: str, allowed: tuple[str, ...], default: str) -> str:
    """One of the allowed words; anything else reads as the default, so an old link still opens."""
    asked = request.args.get(name, default)
    return asked if asked in allowed else default


def cursor() -> str | None:
    """Where the page begins."""
    return request.args.get("cursor") or None


def wants_csv() -> bool:
    """Whether the list is asked for as a file."""
    return request.args.get("format") == "csv"


def here_with(**changes: str | None) -> str:
    """This address with some of its questions changed; None takes one away. The cursor never survives a change."""
    asked = {name: value for name, value in request.args.items() if name not in _OF_A_MOMENT - {"open"}}
    asked.update({name: value for name, value in changes.items() if value is not None})
    query = urlencode({name: value for name, value in asked.items() if changes.get(name, value) is not None and value != ""})
    return f"{request.path}?{query}" if query else request.path


def skus() -> list[str]:
    """The SKUs that the address names, each once, in its order. Refuses more than one page shows."""
    found = list(dict.fromkeys(sku for sku in (each.strip() for each in request.args.getlist("sku")) if sku))
    if len(found) > PAGE_ROWS:
        raise refuse("too_many_lines", {"field": "sku"}, max=PAGE_ROWS)
    return found


def this_view(query: str | None = None) -> str:
    """What the address (or another query) filters and sorts by, in one spelling: what is kept of a list as a saved view."""
    asked = parse_qsl(request.query_string.decode() if query is None else query)
    return urlencode(sorted((name, value) for name, value in asked if value and name not in _OF_A_MOMENT))


async def every_page(asked: _Filter, read: Callable[[_Filter], Awaitable[Page[_Row]]], rows_max: int = ROWS_MAX) -> list[_Row]:
    """A list without pages, for a file: read in rounds, inside one snapshot. `asked` is a filter with `limit` and `cursor`."""
    found: list[_Row] = []
    with address_read():
        page = await read(replace(asked, limit=CSV_ROWS, cursor=None))
        found.extend(page.items)
        while page.next and len(found) < rows_max:
            page = await read(replace(asked, limit=CSV_ROWS, cursor=page.next))
            found.extend(page.items)
    return found


@contextmanager
def address_read() -> Iterator[None]:
    """Around queries: what they say about the cursor or the sorting is a refusal of the address."""
    try:
        yield
    except ValueError as problem:
        if str(problem) not in ("bad_cursor", "bad_sort"):
            raise
        raise refuse(str(problem)) from None
