"""`python -m tests.browser.shots` (`make shots`): pictures of key pages of the demo, in both themes, three languages, on desk and phone.

They go into `var/shots`; those that the guide shows go beside its pages as well (`web.guide`). Neither is kept in git.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from itertools import product
from pathlib import Path
from typing import NamedTuple

from playwright.async_api import Page

from app.demo_goods import ALA_TOO, TIEN_SHAN
from app.embedded import Postgres
from app.provision import Urls, migrate, provision
from app.server import remove
from tenants.domain import LANGUAGES
from tests.browser.demo import states
from tests.browser.demo.company import DESK, PHONE, ROOT, Demo, opened
from tests.browser.demo.look import STILL
from web.guide import PICTURES

SHOTS = ROOT / "var/shots"
GUIDE_WIDTH = 1200
"""Of pictures for the guide: whole tables, and still to be read at the width of its lines."""


class Shot(NamedTuple):
    """A picture: its name, the page, who looks at it, whether the guide shows it, and what is done before it is taken."""

    name: str
    path: str
    role: str | None = "manager"
    guide: bool = False
    state: Callable[[Page, str], Awaitable[None]] | None = None


TAKEN = (
    Shot("sign-in", "/sign-in", role=None),
    Shot("dashboard", "/", guide=True),
    Shot("stock", "/stock", guide=True),
    Shot("stock-low", "/stock?state=low"),
    Shot("item", "/stock/item/{sku}"),
    Shot("count", "/stock/item/{sku}?do=adjust", guide=True),
    Shot("ledger", "/ledger"),
    Shot("holds", "/reservations"),
    Shot("transfers", "/transfers"),
    Shot("exceptions", "/exceptions"),
    Shot("items", "/items"),
    Shot("items-file", "/items/import", state=states.with_file),
    Shot("warehouses", "/warehouses"),
    Shot("till", "/kiosk", role="operator", guide=True, state=states.at_the_till),
    Shot("people", "/people", role="admin"),
    Shot("keys", "/keys", role="admin"),
    Shot("audit", "/audit", role="admin"),
    Shot("settings", "/settings", role="admin"),
    Shot("welcome", "/welcome", role="admin"),
    Shot("help", "/help/stock-words"),
)


def main() -> None:
    """Start the demo in a folder of its own, take every picture, leave nothing else behind."""
    var = Path(tempfile.mkdtemp(prefix="onhand-shots-"))
    var.chmod(0o711)
    server = Postgres(var, shared_buffers_mb=128)
    try:
        urls = asyncio.run(provision(server.start(), "shots", var / "secrets.json"))
        migrate(urls.owner)
        count = asyncio.run(_take_all(urls, var))
    finally:
        server.stop(lambda: True)
        remove(var)
    print(f"{count} pictures in {SHOTS}")


async def _take_all(urls: Urls, var: Path) -> int:
    shutil.rmtree(SHOTS, ignore_errors=True)
    PICTURES.mkdir(parents=True, exist_ok=True)
    async with opened(urls, var) as demo:
        for language, role in product(LANGUAGES, dict.fromkeys(shot.role for shot in TAKEN)):
            shots = [shot for shot in TAKEN if shot.role == role]
            for theme, width in product(("light", "dark"), (DESK, PHONE)):
                await _take(demo, shots, language, theme, width, lambda shot: SHOTS / language / f"{shot.name}-{theme}-{width}.png")  # noqa: B023
            guided = [shot for shot in shots if shot.guide]
            await _take(demo, guided, language, "light", GUIDE_WIDTH, lambda shot: PICTURES / f"{shot.name}-{language}.png")  # noqa: B023
    return len(list(SHOTS.rglob("*.png")))


async def _take(demo: Demo, shots: Sequence[Shot], language: str, theme: str, width: int, file: Callable[[Shot], Path]) -> None:
    company = ALA_TOO if language == "en" else TIEN_SHAN
    sku = next(good.sku for good in company.goods if good.ends == "ok" and good.unit == "pcs")
    async with demo.window(shots[0].role if shots else None, company.slug, language, width, color_scheme=theme, **STILL) as page:
        for shot in shots:
            await page.goto(demo.address(shot.path.format(sku=sku), company.slug))
            if shot.state:
                await shot.state(page, sku)
            await page.wait_for_timeout(300)  # charts and the state of the line come after the page
            file(shot).parent.mkdir(parents=True, exist_ok=True)
            await page.screenshot(path=file(shot))


if __name__ == "__main__":
    main()
