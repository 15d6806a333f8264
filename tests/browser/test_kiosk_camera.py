"""With the camera of a phone, a person…"""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Browser, async_playwright, expect

from tests.browser.conftest import CHROMIUM, FLAGS, Shop

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

CODE = "4006381333931"
WIDTH, HEIGHT, MODULE = 640, 480, 5
_LEFT = ["0001101", "0011001", "0010011", "0111101", "0100011", "0110001", "0101111", "0111011", "0110111", "0001011"]
_PARITY = ["LLLLLL", "LLGLGG", "LLGGLG", "LLGGGL", "LGLLGG", "LGGLLG", "LGGGLL", "LGLGLG", "LGLGGL", "LGGLGL"]


def bars(code: str) -> str:
    """The modules of an EAN-13: 1 is dark."""
    flipped = [each.translate(str.maketrans("01", "10")) for each in _LEFT]
    left = [
        _LEFT[int(digit)] if way == "L" else flipped[int(digit)][::-1] for digit, way in zip(code[1:7], _PARITY[int(code[0])], strict=True)
    ]
    right = [flipped[int(digit)] for digit in code[7:]]
    return f"101{''.join(left)}01010{''.join(right)}101"


def film(path: Path) -> None:
    """A second of somebody holding the code before the camera, in the raw format that Chromium takes for one."""
    dark = "".join(each * MODULE for each in bars(CODE))
    margin = (WIDTH - len(dark)) // 2
    line = bytes([235] * margin + [16 if each == "1" else 235 for each in dark] + [235] * (WIDTH - margin - len(dark)))
    blank = bytes([235] * WIDTH)
    luma = b"".join(line if 120 <= row < 360 else blank for row in range(HEIGHT))
    frame = b"FRAME\n" + luma + bytes([128]) * (WIDTH * HEIGHT // 2)
    path.write_bytes(f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F10:1 Ip A1:1 C420jpeg\n".encode() + frame * 10)


async def test_holds_a_code_before_it_and_has_the_item_once(shop: Shop, tmp_path: Path, site: tuple[str, Browser]) -> None:
    alice, bob = shop.world.alice, shop.world.bob
    await shop.received(alice, "10")
    await shop.called(alice, "inventory/items/CUP/barcodes", {"code": CODE})
    film(tmp_path / "code.y4m")
    flags = [
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-video-capture={tmp_path}/code.y4m",
    ]
    async with async_playwright() as playwright:
        seeing = await playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, *flags])
        phone = Shop(shop.url, seeing, shop.world, shop.complaints)
        async with phone.window(bob, 375) as page:
            await page.context.grant_permissions(["camera"], origin=shop.url)
            await page.goto(shop.address(bob, "/kiosk"))
            await page.locator("#till-settings button").click()
            await expect(page.locator(".till-top .live")).to_contain_text("Online")
            await page.get_by_role("button", name="Camera").click()
            await expect(page.locator(".basket .lines li")).to_contain_text("Tea cup", timeout=20_000)
            await page.wait_for_timeout(1_000)
            # It stays in view for a second and still counts once.
            await expect(page.locator(".basket .count input")).to_have_value("1")
            await page.get_by_role("button", name="Camera").click()
            await expect(page.locator("video")).to_be_hidden()
        await seeing.close()
