"""The web application on a real database and a real engine in this process, with Alice, Bob and Carol signed up."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import structlog
from quart import Quart
from sqlalchemy.ext.asyncio import AsyncEngine

from actors.local import LocalEngine
from events.relay import Relay
from kit.clock import Clock, now_us
from tests.conftest import Database
from tests.people import Person, World, cheap_passwords, populate
from tests.web.browser import Browser
from web.app import create_app

SECRET = "a secret of tests that is long enough"


@dataclass(frozen=True, slots=True)
class Wired:
    """The wiring that the app gets in tests."""

    engine: AsyncEngine
    stock: Any
    secret: str = SECRET
    environment: str = "development"
    clock: Clock = now_us
    feed: Any = None
    relay: Relay = field(default_factory=lambda: Relay(None))
    gauges: Any = list
    shared_limits: Any = None
    jobs_token: str | None = None
    run_jobs: Any = None
    mail: Any = None
    mail_from: str = "Onhand <post@onhand.example>"
    public_url: str = "https://onhand.example"
    sign_up_open: bool = True


@dataclass(frozen=True, slots=True)
class Site:
    """A running app and the people who use it."""

    app: Quart
    world: World

    def browser(self) -> Browser:
        """A browser nobody has used yet."""
        return Browser(self.app)

    async def entered_by(self, who: Person) -> Browser:
        """A browser in which somebody has signed in."""
        browser = self.browser()
        response = await browser.sign_in(who)
        assert response.status_code == 303, await response.get_data(as_text=True)
        return browser


@pytest.fixture(autouse=True, scope="session")
def _plain_logs() -> None:
    """One line for each event: the colourful default takes a second for a traceback."""
    structlog.configure(processors=[structlog.processors.format_exc_info, structlog.processors.KeyValueRenderer()])


@pytest.fixture
async def world(engine: AsyncEngine) -> World:
    """Alice, Bob (an operator) and Carol."""
    return await populate(engine)


@pytest.fixture
async def stock(database: Database) -> AsyncIterator[Any]:
    """The stock engine, in this process."""
    local = LocalEngine(database.engine, lambda tenant, part, seq: None, lambda: None)
    yield await local.start()
    await local.close()


@pytest.fixture
async def site(engine: AsyncEngine, world: World, stock: Any) -> AsyncIterator[Site]:
    """The site."""
    app = create_app(Wired(engine, stock), cheap_passwords())
    async with app.test_app():
        yield Site(app, world)
