"""The dashboard says how far the ledger is proven, in the reader's language, and when nothing is written any more…"""

from __future__ import annotations

from typing import Any

import pytest

from db.engine import make_pool
from inventory import stock
from inventory.context import Context, Halted
from jobs.anchors import Anchors
from jobs.passes import Pool, deep
from jobs.verdict import record
from kit.clock import now_us
from tests.conftest import Database
from tests.web.browser import Browser
from tests.web.conftest import Site
from tests.web.shop import furnish, line
from tests.web.test_pages import text_of, url

HALT = "SELECT stock_halt($1, 0::smallint, 'hash_chain', 2, $2, 0, 0::smallint)"


@pytest.fixture
async def pool(database: Database) -> Any:
    pool = await make_pool(database.engine, 1)
    yield pool
    await pool.close()


@pytest.fixture
async def shop(site: Site) -> Context:
    return await furnish(site, site.world.alice)


@pytest.fixture
async def alice(site: Site) -> Browser:
    return await site.entered_by(site.world.alice)


async def panel(shop: Context, alice: Browser, language: str = "en") -> str:
    """The part of the dashboard that is asked for again by itself."""
    return await text_of(await alice.get(url(shop, "/?part=proof"), HX_Request="true", Accept_Language=language))


async def test_says_when_nothing_is_proven_yet(shop: Context, alice: Browser) -> None:
    assert "Ledger not proven yet" in await panel(shop, alice)


@pytest.mark.parametrize(("language", "said"), [("en", "up to #2, no gaps"), ("ru", "с назад"), ("ky", "с мурун")])
async def test_says_how_far_and_when(site: Site, shop: Context, alice: Browser, pool: Pool, language: str, said: str) -> None:
    await record(pool, await deep(pool, (shop.tenant.id, 0), Anchors()))
    await speak(site, shop, language)
    assert said in await panel(shop, alice)


@pytest.mark.parametrize(
    ("language", "said"), [("en", "Nothing is written"), ("ru", "Ничего не записывается"), ("ky", "эч нерсе жазылбайт")]
)
async def test_says_that_nothing_is_written(site: Site, shop: Context, alice: Browser, pool: Pool, language: str, said: str) -> None:
    await record(pool, await deep(pool, (shop.tenant.id, 0), Anchors()))
    await pool.fetchval(HALT, shop.tenant.id, now_us())
    await speak(site, shop, language)
    assert said in await panel(shop, alice)
    assert 'role="alert"' in await text_of(await alice.get(url(shop, "/")))


async def test_a_command_is_refused_with_its_own_code(shop: Context, pool: Pool) -> None:
    await pool.fetchval(HALT, shop.tenant.id, now_us())
    with pytest.raises(Halted) as halted:
        await stock.perform(shop, "receive", "k-1", {"lines": [line("HEART", "1")]})
    assert (halted.value.refusal.code, halted.value.refusal.facts) == ("ledger_halted", {"retry_after_s": 60})


async def speak(site: Site, shop: Context, language: str) -> None:
    await site.world.people.choose_language(shop.tenant, shop.actor, language)
    site.app.extensions["onhand"].callers.forget(shop.tenant.id, shop.actor.principal_id)
