"""Papers of an order: small files, handed out as such only."""

from __future__ import annotations

import re
from io import BytesIO
from typing import Any

import pytest
from quart.datastructures import FileStorage

from tenants.domain import Role
from tests.web.conftest import Site
from tests.web.purchasing.conftest import Buying, entered, said

PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 40


async def attach(buying: Buying, number: str, content: bytes, name: str = "offer.png") -> Any:
    files = {"file": FileStorage(stream=BytesIO(content), filename=name)}
    form = {"_csrf": buying.browser.csrf, "_key": f"file-{len(content)}-{name}"}
    headers = {"Sec-Fetch-Site": "same-origin"}
    return await buying.browser.client.post(f"{buying.at}/orders/{number}/files", form=form, files=files, headers=headers)


async def test_keeps_small_papers_and_hands_them_out_as_files_only(site: Site, buying: Buying) -> None:
    number = await buying.drafted()
    assert (await attach(buying, number, PNG + b"x" * 1_500_000, "photos/note")).status_code == 303
    shown = await buying.page(f"/orders/{number}")
    assert "note.png" in shown and "photos" not in shown
    link = re.search(r'href="([^"]+/files/\d+)"', shown)
    assert link
    file = await buying.browser.get(link[1])
    assert (await file.get_data(as_text=False)).startswith(PNG)
    assert (file.headers["Content-Type"], file.headers["X-Content-Type-Options"]) == ("image/png", "nosniff")
    assert file.headers["Content-Disposition"].startswith("attachment; ") and "sandbox" in file.headers["Content-Security-Policy"]
    clerk = await entered(site, "Clara", Role.INVENTORY)
    assert ((await clerk.get(link[1])).status_code, (await clerk.post(f"{link[1]}/remove")).status_code) == (200, 403)
    carol = await site.entered_by(site.world.carol)
    assert (await carol.get(link[1])).status_code == 404
    assert (await buying.browser.post(f"{link[1]}/remove")).status_code == 303
    assert (await buying.browser.get(link[1])).status_code == 404


@pytest.mark.parametrize(
    ("content", "name", "status", "words"),
    [
        (b"<svg onload=alert(1)>", "offer.png", 422, "Take a PDF, PNG or JPEG file."),
        (b"MZ\x90\x00", "offer.pdf", 422, "Take a PDF, PNG or JPEG file."),
        (b"", "offer.pdf", 422, "This is needed."),
        (b"%PDF-" + b"x" * 2**21, "offer.pdf", 422, "A file may have at most 2097152 bytes."),
        (b"%PDF-" + b"x" * 2**22, "offer.pdf", 413, "Too large"),
    ],
)
async def test_takes_no_other_papers(buying: Buying, content: bytes, name: str, status: int, words: str) -> None:
    number = await buying.drafted()
    response = await attach(buying, number, content, name)
    assert response.status_code == status and words in await said(response)
    assert "No papers." not in await buying.page(f"/orders/{number}") and "/files/" not in (await buying.page(f"/orders/{number}"))


async def test_other_requests_stay_small(buying: Buying) -> None:
    number = await buying.drafted()
    response = await buying.does(number, "note", note="x" * 1_500_000)
    assert response.status_code == 413
