"""Boxes: frames that wait, in their order, and not without bound."""

from __future__ import annotations

import asyncio

from web.live.boxes import Box


async def test_gives_what_waits_at_once_and_in_order() -> None:
    box = Box(10)
    await box.put([1, 2])
    await box.put([3])
    assert await box.take() == [1, 2, 3]
    await box.put([4, 5, 6])
    assert [await box.take(2), await box.take(2)] == [[4, 5], [6]]


async def test_waits_for_the_first_frame() -> None:
    box = Box(10)
    taking = asyncio.create_task(box.take())
    await asyncio.sleep(0)
    assert not taking.done()
    await box.put([1])
    assert await taking == [1]


async def test_holds_who_puts_in_more_than_there_is_room_for() -> None:
    box = Box(2)
    await box.put([1, 2, 3])
    putting = asyncio.create_task(box.put([4]))
    for _ in range(3):
        await asyncio.sleep(0)
    assert not putting.done()
    assert await box.take(1) == [1]
    await asyncio.sleep(0)
    assert not putting.done(), "it is still full"
    assert await box.take(1) == [2]
    await putting
    assert await box.take() == [3, 4]
