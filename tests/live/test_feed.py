"""The feed…"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
import uvloop

from events import feed
from events.feed import Feed, Resync, Subscription
from events.recent import BYTES_MAX, PAGE, ROWS_MAX, FeedEvent, Recent


class Log:
    """A ledger that a test writes: sequences 1, 2, 3 …, alternately of two warehouses."""

    def __init__(self, rows: int = 0, size: int = 0) -> None:
        self.head = rows
        self.away = False
        self.reads = 0
        self._text = "x" * size

    async def read_head(self, tenant: int) -> int:
        return self.head

    async def read_rows(self, tenant: int, after: int, limit: int) -> Sequence[FeedEvent]:
        self.reads += 1
        await asyncio.sleep(0)
        if self.away:
            self.away = False
            raise OSError("away")
        return [self.row(seq) for seq in range(after + 1, min(self.head, after + limit) + 1)]

    def row(self, seq: int) -> FeedEvent:
        return FeedEvent(seq, "reserve", "osh" if seq % 2 else "main", "S1", b"", self._text)


async def take(subscription: Subscription, until: int) -> list[int]:
    """The sequences a reader is given, up to `until`."""
    seqs: list[int] = []
    for _ in range(200):
        found = await subscription.next(0.2)
        assert not isinstance(found, Resync)
        seqs += [event.seq for event in found]
        if seqs and seqs[-1] >= until:
            return seqs
    raise AssertionError(f"only {seqs[-5:]} came")


async def test_gives_a_returning_reader_exactly_what_it_missed() -> None:
    """Worked example E33."""
    log = Log(125)
    live = Feed(log.read_head, log.read_rows)
    reader = await live.subscribe(1, after=120)
    assert reader.as_of_seq == 125
    assert await take(reader, 125) == [121, 122, 123, 124, 125]
    log.head = 127
    live.heard(1, 0, 127)
    assert await take(reader, 127) == [126, 127]
    await live.close()


async def test_joins_past_and_present_without_gap_or_duplicate() -> None:
    log = Log(1_800)
    live = Feed(log.read_head, log.read_rows)
    reader = await live.subscribe(1, after=3)
    first = await reader.next(0.2)
    assert isinstance(first, list)
    log.head = 2_500  # while the reader is still in the past
    live.heard(1, 0, 2_500)
    assert [event.seq for event in first] + await take(reader, 2_500) == list(range(4, 2_501))
    await live.close()


async def test_hears_without_a_hint_a_second_later() -> None:
    log = Log(5)
    live = Feed(log.read_head, log.read_rows)
    reader = await live.subscribe(1)
    log.head = 6
    assert await take(reader, 6) == [6]
    await live.close()


async def test_shows_only_what_was_asked_for() -> None:
    log = Log(10)
    live = Feed(log.read_head, log.read_rows)
    reader = await live.subscribe(1, after=0, wanted=lambda event: event.warehouse == "osh")
    assert await take(reader, 9) == [1, 3, 5, 7, 9]
    await live.close()


@pytest.mark.parametrize("after", [feed.RETENTION * 9, 0])
async def test_resyncs_a_reader_from_too_far_back_or_from_the_future(after: int) -> None:
    log = Log(feed.RETENTION + 10)
    live = Feed(log.read_head, log.read_rows)
    reader = await live.subscribe(1, after=after)
    assert await reader.next(0.2) == Resync(log.head)
    log.head += 1
    assert await take(reader, log.head) == [log.head]
    await live.close()


async def test_resyncs_a_slow_reader_and_leaves_the_others_alone() -> None:
    log = Log(0)
    live = Feed(log.read_head, log.read_rows)
    slow, quick = await live.subscribe(1), await live.subscribe(1)
    for head in range(500, 4_001, 500):
        log.head = head
        live.heard(1, 0, head)
        assert (await take(quick, head))[-1] == head
    assert isinstance(await slow.next(0.2), Resync)
    log.head = 4_001
    assert await take(slow, 4_001) == [4_001]
    await live.close()


async def test_goes_on_after_the_database_was_away() -> None:
    log = Log(3)
    live = Feed(log.read_head, log.read_rows)
    reader = await live.subscribe(1, after=0)
    assert await take(reader, 3) == [1, 2, 3]
    log.away = True
    log.head = 5
    live.heard(1, 0, 5)
    assert await take(reader, 5) == [4, 5]
    await live.close()


async def test_waits_with_a_returning_reader_while_the_database_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "POLL_S", 0.01)
    log = Log(5)
    live = Feed(log.read_head, log.read_rows)
    await live.subscribe(1)
    reader = await live.subscribe(1, after=2)
    log.away = True
    assert await take(reader, 5) == [3, 4, 5]
    await live.close()


async def test_serves_a_thousand_who_come_back_at_once_from_one_reading() -> None:
    log = Log(ROWS_MAX * 2)
    live = Feed(log.read_head, log.read_rows)
    starts = [log.head - 1 - number % ROWS_MAX for number in range(0, 1_000_000, 1_000)]
    readers = [await live.subscribe(1, after=start) for start in starts]
    before = log.reads
    found = await asyncio.gather(*[take(reader, log.head) for reader in readers])
    assert found == [list(range(start + 1, log.head + 1)) for start in starts]
    assert log.reads - before <= ROWS_MAX / PAGE + 1
    await live.close()


async def test_reads_a_page_from_far_back_once_for_all_who_want_it() -> None:
    log = Log(ROWS_MAX * 3)
    live = Feed(log.read_head, log.read_rows)
    readers = [await live.subscribe(1, after=10) for _ in range(100)]
    before = log.reads
    pages = await asyncio.gather(*[reader.next(0.2) for reader in readers])
    assert all(isinstance(page, list) and [event.seq for event in page] == list(range(11, 11 + PAGE)) for page in pages)
    assert log.reads - before == 1
    await live.close()


@pytest.mark.parametrize("size", [0, 10_000])
async def test_remembers_within_bounds(size: int) -> None:
    log = Log(ROWS_MAX * 3, size)
    recent = Recent(1, ROWS_MAX, log.read_rows)
    assert [event.seq for event in await recent.after(ROWS_MAX - 3)] == [ROWS_MAX - 2, ROWS_MAX - 1, ROWS_MAX]
    for seq in range(ROWS_MAX + 1, log.head + 1):
        recent.append(log.row(seq))
    kept = len(recent._rows)
    assert kept == (min(ROWS_MAX, BYTES_MAX // size) if size else ROWS_MAX)
    before = log.reads
    assert [event.seq for event in await recent.after(log.head - kept)][:2] == [log.head - kept + 1, log.head - kept + 2]
    assert log.reads == before, "it is in memory"
    assert (await recent.after(log.head - kept - 1))[0].seq == log.head - kept, "it is read"
    assert await recent.after(log.head) == []


async def test_forgets_a_ledger_that_nobody_follows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "LINGER_S", 0.05)
    monkeypatch.setattr(feed, "POLL_S", 0.01)
    log = Log(5)
    live = Feed(log.read_head, log.read_rows)
    (await live.subscribe(1)).close()
    async with asyncio.timeout(5):
        while live._tails:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    reader = await live.subscribe(1, after=4)
    assert await take(reader, 5) == [5]
    await live.close()


async def test_knows_a_row_that_another_process_has_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who was at 8 elsewhere and comes here, where 5 is the last that was heard of, has seen no future."""
    monkeypatch.setattr(feed, "POLL_S", 60.0)
    log = Log(5)
    live = Feed(log.read_head, log.read_rows)
    await live.subscribe(1)
    log.head = 9
    reader = await live.subscribe(1, after=8)
    assert reader.as_of_seq == 9
    assert await take(reader, 9) == [9]
    await live.close()


def test_waits_not_at_all_again_and_again_on_the_loop_that_the_web_runs_on() -> None:
    """What uvloop hands out for an alarm that is due at once is another thing than for a later one."""

    async def reads() -> list[object]:
        log = Log(5)
        live = Feed(log.read_head, log.read_rows)
        reader = await live.subscribe(1)
        found: list[object] = [await reader.next(wait_s) for wait_s in (0, 0, 0.01, 0)]
        await live.close()
        return found

    assert uvloop.run(reads()) == [[], [], [], []]


def test_waits_for_what_is_left_when_it_was_woken_a_little_early() -> None:
    """Whoever looks at another clock finds that a fraction of a millisecond is left, and waits for that; not for ever."""

    async def waits() -> int:
        live = Feed(Log(5).read_head, Log(5).read_rows)
        reader = await live.subscribe(1)
        loop, asked = asyncio.get_running_loop(), 0
        async with asyncio.timeout(30):
            for _ in range(20):
                due = loop.time() + 0.0104
                while (left := due - loop.time()) > 0:
                    await reader.next(left)
                    asked += 1
        await live.close()
        return asked

    assert uvloop.run(waits()) < 20 * 4
