"""Our files for the browser: the smallest form it takes, kept for a year when the name carries the content's hash."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.web.conftest import Site
from web import static
from web.assets import asset

HASHED = "app.0123456789ab.css"


@pytest.fixture
def dist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of built files."""
    for name, content in {
        HASHED: b"plain",
        f"{HASHED}.br": b"br",
        f"{HASHED}.gz": b"gz",
        "robots.txt": b"all",
        "js/a.mjs": b"export",
    }.items():
        path = tmp_path / "dist" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    (tmp_path / "secret.txt").write_text("secret")
    monkeypatch.setattr(static, "FOLDER", tmp_path / "dist")
    return tmp_path / "dist"


async def fetch(site: Site, name: str, **headers: str) -> Any:
    return await site.browser().get(f"/static/{name}", **headers)


@pytest.mark.parametrize(
    ("accepts", "encoding", "content"),
    [
        ("br, gzip", "br", b"br"),
        ("gzip", "gzip", b"gz"),
        ("identity", None, b"plain"),
        ("", None, b"plain"),
        ("br;q=0, gzip;q=0.5", "gzip", b"gz"),
    ],
)
async def test_the_smallest_form_the_browser_takes(site: Site, dist: Path, accepts: str, encoding: str | None, content: bytes) -> None:
    response = await fetch(site, HASHED, Accept_Encoding=accepts)
    assert (response.headers.get("Content-Encoding"), await response.get_data()) == (encoding, content)
    assert response.headers["Vary"] == "Accept-Encoding"
    assert response.content_type.startswith("text/css")


async def test_a_hashed_name_is_kept_for_a_year_and_any_other_asked_for_again(site: Site, dist: Path) -> None:
    assert "immutable" in (await fetch(site, HASHED)).headers["Cache-Control"]
    assert (await fetch(site, "robots.txt")).headers["Cache-Control"] == "no-cache"


async def test_each_form_has_a_tag_of_its_own_and_is_not_sent_twice(site: Site, dist: Path) -> None:
    plain = (await fetch(site, HASHED)).headers["ETag"]
    packed = (await fetch(site, HASHED, Accept_Encoding="br")).headers["ETag"]
    assert plain != packed
    assert (await fetch(site, HASHED, Accept_Encoding="br", If_None_Match=packed)).status_code == 304
    assert (await fetch(site, HASHED, Accept_Encoding="br", If_None_Match=plain)).status_code == 200


async def test_scripts_are_scripts(site: Site, dist: Path) -> None:
    assert (await fetch(site, "js/a.mjs")).content_type.startswith("text/javascript")


@pytest.mark.parametrize("name", ["../secret.txt", "%2e%2e/secret.txt", "js", "nothing.css", f"{HASHED}.br", "js/../../secret.txt"])
async def test_nothing_else_is_served(site: Site, dist: Path, name: str) -> None:
    assert (await fetch(site, name)).status_code == 404


async def test_every_file_a_page_asks_for_is_there(site: Site) -> None:
    for name in ("app.css", "js/main.js", "icons.svg"):
        response = await site.browser().get(asset(name), Accept_Encoding="br")
        assert response.status_code == 200
        assert "immutable" in response.headers["Cache-Control"]
