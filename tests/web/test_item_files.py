"""Items from a file on their page: looked at line by line, taken over by one button, and once."""

from __future__ import annotations

import csv
import io
import re
from html import unescape

import pytest
from quart.datastructures import FileStorage

from inventory.catalog import queries
from inventory.context import Context
from tests.web.browser import Browser
from tests.web.conftest import Site
from tests.web.shop import furnish
from web.pages import item_files

HEADER = "sku,name,category,unit,barcode,min osh,max osh"
FILE = f"{HEADER}\nCUP,Cup,Kitchen,pcs,555 556,2,20\nHEART,Heart of felt,,,,,\nWAX,,,,,,\n"
_ROW = re.compile(r'<tr data-row="(\d+)">.*?<span class="state state-(\w+)">.*?<ul[^>]*>(.*?)</ul>', re.DOTALL)


@pytest.fixture
async def shop(site: Site) -> Context:
    """Hearts, wax and ribbon."""
    return await furnish(site, site.world.alice)


@pytest.fixture
async def alice(site: Site, shop: Context) -> Browser:
    return await site.entered_by(site.world.alice)


async def upload(browser: Browser, ctx: Context, content: bytes) -> tuple[int, str]:
    """What the page answers to a file."""
    fields = {"_csrf": browser.csrf, "_key": f"file-{hash(content)}"}
    file = FileStorage(io.BytesIO(content), "items.csv", "file")
    path = f"/t/{ctx.tenant.slug}/items/import"
    response = await browser.client.post(path, form=fields, files={"file": file}, headers={"Sec-Fetch-Site": "same-origin"})
    return response.status_code, unescape(await response.get_data(as_text=True))


async def shown(browser: Browser, ctx: Context, path: str, status: int = 200, **headers: str) -> str:
    response = await browser.get(f"/t/{ctx.tenant.slug}{path}", **headers)
    assert response.status_code == status
    return unescape(await response.get_data(as_text=True))


async def names(ctx: Context) -> dict[str, str]:
    async with ctx.reading() as connection:
        page = await queries.items_page(connection, ctx.tenant.id, queries.ItemFilter())
    return {item.sku: item.name for item in page.items}


def rows(page: str) -> list[tuple[str, ...]]:
    """Line, look of the outcome, and the details in words."""
    return [
        (line, tone, " ".join(re.sub(r"<[^>]+>|→", " ", details).split())) for line, tone, details in _ROW.findall(page)
    ]  # fmt: skip


async def test_a_file_is_looked_at_first_and_then_taken_over_once(shop: Context, alice: Browser) -> None:
    before = await names(shop)
    status, page = await upload(alice, shop, FILE.encode())
    assert status == 200
    assert "<dt>Added</dt><dd>1</dd><dt>Changed</dt><dd>1</dd><dt>As they are</dt><dd>1</dd>" in page
    assert rows(page) == [
        ("2", "good", "barcode 555 barcode 556 min osh 2 max osh 20"),
        ("3", "hold", "name Hanging heart Heart of felt"),
    ]
    assert await names(shop) == before
    form = {"csv": FILE, "sure": "yes", "_key": "taking-over"}
    for _ in range(2):
        response = await alice.post(f"/t/{shop.tenant.slug}/items/import", form)
        assert (response.status_code, response.headers["Location"]) == (303, f"/t/{shop.tenant.slug}/stock")
    assert await names(shop) == {**before, "CUP": "Cup", "HEART": "Heart of felt"}
    status, page = await upload(alice, shop, FILE.encode())
    assert (status, rows(page)) == (200, [])
    assert "there is nothing to take over" in page
    assert "Take over</button>" not in page


async def test_lines_that_are_refused_say_why_and_the_others_wait_for_them(shop: Context, alice: Browser) -> None:
    content = f"{HEADER}\nCUP,Cup\nBOWL,Bowl,,crate\nHEART,,,kg\nMUG,Mug,,,2100000000012,,\n"
    status, page = await upload(alice, shop, content.encode())
    assert status == 422
    assert rows(page) == [
        ("3", "out", "unit There is no unit crate."),
        ("4", "out", "unit HEART is counted in pcs, and that stays: make a new item for another unit."),
        ("5", "out", "barcode 2100000000012 already belongs to HEART."),
        ("2", "good", ""),
    ]
    assert "Nothing was taken over. Mend these lines" in page
    assert "Take over</button>" not in page
    before = await names(shop)
    response = await alice.post(f"/t/{shop.tenant.slug}/items/import", {"csv": content, "sure": "yes"})
    assert (response.status_code, await names(shop)) == (422, before)
    assert "There is no unit crate." in await response.get_data(as_text=True)


@pytest.mark.parametrize("language", ["ru", "ky"])
async def test_reasons_are_in_the_readers_language(shop: Context, alice: Browser, language: str) -> None:
    await alice.get(f"/language/{language}")
    said = {"ru": "CUP уже есть в файле.", "ky": "CUP файлда буга чейин бар."}[language]
    assert said in (await upload(alice, shop, f"{HEADER}\nCUP,Cup\nCUP,Mug\n".encode()))[1]


@pytest.mark.parametrize(
    "content",
    [
        FILE.encode("utf-8-sig"),
        FILE.replace(",", ";").encode(),
        FILE.replace(",", "\t").encode(),
        FILE.replace("\n", "\r\n").encode(),
    ],
)
async def test_spreadsheets_write_files_in_many_ways(shop: Context, alice: Browser, content: bytes) -> None:
    status, page = await upload(alice, shop, content)
    assert (status, len(rows(page))) == (200, 2)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "The first row names the columns: sku, name,"),
        (b"sku,article\nCUP,Cup\n", "These columns are known: sku, name,"),
        (f"{HEADER}\nCUP,Чашка\n".encode("cp1251"), "Save it as “CSV UTF-8”"),
        (f"{HEADER}\nCUP,Cup\n".encode("utf-16"), "Save it as “CSV UTF-8”"),
        (b"sku\n" + b"CUP\n" * 2_001, "A file may have at most 2000 rows."),
        (b"sku,name\n" + b"CUP,x\n" * 70_000, "A file may have at most 400000 bytes."),
    ],
)
async def test_a_file_that_cannot_be_read_says_why(shop: Context, alice: Browser, content: bytes, says: str) -> None:
    status, page = await upload(alice, shop, content)
    assert (status, says in page) == (422, True)


async def test_markup_and_formulas_in_a_file_are_text(shop: Context, alice: Browser) -> None:
    _, page = await upload(alice, shop, b'sku,name\nA,"<script>x</script>"\nB,=1+1\n')
    assert "Take over</button>" in page
    raw = await (await alice.post(f"/t/{shop.tenant.slug}/items/import", {"csv": "sku,name\nA,<b>x\n"})).get_data(as_text=True)
    assert "<b>x" not in raw and "&lt;b&gt;x" in raw


async def test_more_lines_than_a_page_shows_are_counted(shop: Context, alice: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(item_files, "SHOWN_MAX", 2)
    _, page = await upload(alice, shop, b"sku,name\nA,A\nB,B\nC,C\nD,D\n")
    assert [row[0] for row in rows(page)] == ["2", "3"]
    assert "and 2 more lines" in page


async def test_all_items_come_as_such_a_file_and_an_empty_one_has_the_header(shop: Context, alice: Browser) -> None:
    file = await shown(alice, shop, "/items/import?format=csv")
    found = {row["sku"]: row for row in csv.DictReader(io.StringIO(file.removeprefix("\ufeff")))}
    assert found["HEART"]["barcode"] == "2100000000012"
    assert (found["HEART"]["min osh"], found["HEART"]["max osh"], found["HEART"]["min main"]) == ("12", "60", "")
    status, page = await upload(alice, shop, file.encode())
    assert (status, rows(page)) == (200, []), "what was taken out changes nothing when it is put back"
    empty = await shown(alice, shop, "/items/import?format=csv&rows=none")
    assert list(csv.reader(io.StringIO(empty.removeprefix("\ufeff")))) == [list(found["HEART"])]


async def test_the_ways_there_are_shown_to_who_may(site: Site, shop: Context, alice: Browser) -> None:
    assert "/items/import" in await shown(alice, shop, "/stock")
    assert "/items/import" in await shown(alice, shop, "/items")
    bob = await site.entered_by(site.world.bob)
    assert "/items/import" not in await shown(bob, shop, "/stock")
    await shown(bob, shop, "/items/import", 403)
    response = await bob.post(f"/t/{shop.tenant.slug}/items/import", {"csv": FILE, "sure": "yes"})
    assert response.status_code == 403
    carol = await site.entered_by(site.world.carol)
    await shown(carol, shop, "/items/import", 404)
