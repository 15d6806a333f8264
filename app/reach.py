"""The database of an installation, for commands that are called beside `onhand run` or without it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from app.claims import Claimed, folder_claimed
from app.embedded import Postgres
from app.provision import DATABASE, Urls, given, urls_of
from app.settings import CannotStart, Settings


@contextmanager
def database(settings: Settings) -> Iterator[Urls]:
    """Addresses that answer inside the block: those set, or the embedded server's, started for the while if nobody runs it.

    Raises CannotStart when there is no data yet.
    """
    if settings.database_url:
        yield asyncio.run(given(settings))
    elif settings.database_app_url and settings.database_engine_url:
        yield Urls("", settings.database_app_url, settings.database_engine_url)
    else:
        with _embedded(settings) as urls:
            yield urls


@contextmanager
def _embedded(settings: Settings) -> Iterator[Urls]:
    if not (settings.var / "postgres.json").exists():
        raise CannotStart(f"There is nothing in {settings.var} yet: make run fills it.")
    server = Postgres(settings.var)
    with ExitStack() as held:
        try:
            held.enter_context(folder_claimed(settings.var, "a command that reads its data"))
        except Claimed:
            url = server.url()
        else:
            held.callback(server.stop)
            url = server.start()
        yield urls_of(url, DATABASE, settings.var / "secrets.json")
