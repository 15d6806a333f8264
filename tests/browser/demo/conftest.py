"""One server and one browser for the walks of a file."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.browser.conftest import CHROMIUM
from tests.browser.demo.company import Demo, opened
from tests.conftest import Database


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def demo(own_database: Database, tmp_path_factory: pytest.TempPathFactory, redis_url: str) -> AsyncIterator[Demo]:
    """The demo companies, served."""
    if CHROMIUM is None:
        pytest.skip("NO CHROMIUM: install the package chromium (make browsers) to run the browser tests")
    async with opened(own_database, tmp_path_factory.mktemp("demo"), redis_url) as found:
        yield found
