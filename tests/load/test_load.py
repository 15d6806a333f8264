"""The load tests, in their smallest form: they ask, check, judge and clear away. Never how fast."""

from __future__ import annotations

import asyncio
import signal

import pytest

from tests.load.conftest import SCENARIOS, Runner, Shop
from tests.load.liar import lying

STOCK = "stock is what the acknowledged commands add up to"
REPEATED = "a repeated key got the answer that was given"
SOLD = "flash sale sold what there was, exactly"
PROVEN = "every ledger proves from its first row"


@pytest.mark.timeout(240)
async def test_loads_a_system_of_its_own_and_leaves_nothing_behind(runner: Runner) -> None:
    ran = await runner.run("--engine", "local", "--users", 20, "--seconds", 6, "--targets", runner.targets())
    asked = {each["name"].partition(":")[0] for each in ran.figures["requests"]}
    assert asked == set(SCENARIOS), ran.out
    assert ran.checks() == {STOCK: True, REPEATED: True, SOLD: True, PROVEN: True}, ran.out
    assert sum(each["failed"] for each in ran.figures["requests"]) == 0, ran.out
    assert ran.figures["counts"]["events tills heard"] > 0
    assert ran.figures["counts"]["events screens heard"] > 0
    assert "no target" not in ran.out


@pytest.mark.timeout(120)
async def test_says_so_when_everything_is_met_and_when_something_is_not(runner: Runner, shop: Shop) -> None:
    words = ("flash_sale", "--url", shop.url, "--users", 6, "--seconds", 5)
    met = await runner.run(*words, "--targets", runner.targets(), environ=shop.environ)
    assert (met.code, met.checks()) == (0, {STOCK: True, REPEATED: True, SOLD: True}), met.out
    assert "ok: all" in met.out

    missed = await runner.run(*words, "--targets", runner.targets(flash_sale=0), environ=shop.environ)
    assert missed.code == 1, missed.out
    assert "MISSED p95" in missed.out
    assert missed.checks() == {STOCK: True, REPEATED: True, SOLD: True}, missed.out


@pytest.mark.timeout(120)
async def test_finds_a_server_out_that_does_something_else(runner: Runner, shop: Shop) -> None:
    async with lying(shop.url, b"/stock/commit HTTP", b"/stock/release HTTP") as url:
        # So many users that no commit at all among them is one run in a million; six of them had none one day.
        words = ("shop", "--url", url, "--users", 24, "--seconds", 6, "--targets", runner.targets())
        ran = await runner.run(*words, environ=shop.environ)
    assert ran.code == 1, ran.out
    commits = ran.request("shop: commit")
    assert commits["failed"] == commits["count"] > 0, ran.out
    assert ran.request("shop: release")["failed"] == 0
    assert "it is released" in ran.out
    assert ran.checks()[STOCK] is False, ran.out


@pytest.mark.timeout(120)
async def test_tells_what_there_is_when_it_is_stopped(runner: Runner, shop: Shop) -> None:
    words = ("shop", "tills", "--url", shop.url, "--users", 6, "--seconds", 600, "--targets", runner.targets())
    process = await runner.start(*words, environ=shop.environ)
    assert process.stdout is not None
    async for line in process.stdout:
        if b"requests and events" in line:
            break
    process.send_signal(signal.SIGTERM)
    ran = await asyncio.wait_for(runner.ended(process), 60)
    assert ran.code == 130, ran.out
    assert "stopped after" in ran.out
    assert ran.checks() == {STOCK: True, REPEATED: True}, ran.out


async def test_does_not_load_a_system_elsewhere_that_it_was_not_let_into(runner: Runner, shop: Shop) -> None:
    ran = await runner.run("shop", "--url", shop.url, environ=shop.environ | {"KEY": "onhand_of_nobody"})
    assert ran.code == 2, ran.out
    assert "does not open the company" in ran.out
