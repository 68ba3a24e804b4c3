"""The demo's load: as many calls as the rate says, never too many at once, and all of them seen to their end."""

import asyncio
import threading
import time
from typing import cast

import pytest

from retold.cli.demo import load
from retold.cli.demo.crawler import Crawler, StoppableClock, Stopped
from retold.cli.demo.load import Load


class FakeCrawler:
    """Notes what is asked of it; papers and the index take until the clock is stopped, or no time at all."""

    def __init__(self, clock: StoppableClock | None = None) -> None:
        self.asked: list[tuple[str, int]] = []
        self.threads: set[str] = set()
        self.each_was_asked = asyncio.Event()
        self._clock = clock

    async def fetch_paper(self, number: int) -> None:
        self.asked.append(("papers", number))
        if self._clock:
            await self._clock.asleep(60.0)

    def download_pdf(self, number: int) -> None:
        self.asked.append(("pdfs", number))
        self.threads.add(threading.current_thread().name)
        if self._clock:
            self._clock.sleep(60.0)

    async def update_index(self, number: int) -> None:
        self.asked.append(("index", number))
        raise OSError("the call gave up")

    async def find_citations(self, number: int) -> None:
        self.asked.append(("citations", number))
        self.each_was_asked.set()
        raise Stopped


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> StoppableClock:
    clock = StoppableClock()
    monkeypatch.setattr(load, "CLOCK", clock)
    return clock


def made(crawler: FakeCrawler, rate: float) -> Load:
    return Load(cast(Crawler, crawler), rate)


async def test_begins_the_jobs_in_turn_and_as_many_as_the_rate_says(clock: StoppableClock) -> None:
    crawler = FakeCrawler()

    await made(crawler, 100.0).run(0.08)

    assert sorted(crawler.asked, key=lambda asked: asked[1]) == list(
        zip(["papers", "pdfs", "index", "citations"] * 2, range(8), strict=True)
    )
    assert all(name.startswith("crawler") for name in crawler.threads)


async def test_begins_no_call_before_its_time(clock: StoppableClock) -> None:
    began = time.monotonic()

    await made(FakeCrawler(), 100.0).run(0.08)

    assert time.monotonic() - began >= 0.07


async def test_a_job_that_gives_up_does_not_end_it(clock: StoppableClock) -> None:
    crawler = FakeCrawler()

    await made(crawler, 500.0).run(0.04)

    assert len([kind for kind, _ in crawler.asked if kind == "index"]) == 5


async def test_without_a_duration_it_goes_on_until_it_is_stopped(clock: StoppableClock) -> None:
    crawler = FakeCrawler()
    running = made(crawler, 500.0)
    run = asyncio.create_task(running.run(None))
    await crawler.each_was_asked.wait()

    running.stop()
    await asyncio.wait_for(run, 5.0)


async def test_stopping_ends_the_waits_of_tasks_and_threads_at_once(clock: StoppableClock) -> None:
    crawler = FakeCrawler(clock)
    running = made(crawler, 100.0)
    run = asyncio.create_task(running.run(None))
    await crawler.each_was_asked.wait()

    running.stop()
    await asyncio.wait_for(run, 5.0)

    assert not [thread for thread in threading.enumerate() if thread.name.startswith("crawler")]


async def test_holds_calls_back_while_too_many_are_under_way(
    clock: StoppableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load, "MAX_UNDER_WAY", 2)
    monkeypatch.setattr(load, "_GRACE", 0.0)
    crawler = FakeCrawler(clock)
    running = made(crawler, 500.0)

    await running.run(0.04)

    # Papers and PDFs last, so the first of each are all that ever run.
    assert sorted(crawler.asked) == [("papers", 0), ("pdfs", 1)]
    assert running.held_back == 18


async def test_calls_that_outlive_the_grace_are_ended(clock: StoppableClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load, "_GRACE", 0.01)

    await asyncio.wait_for(made(FakeCrawler(clock), 100.0).run(0.02), 5.0)

    with pytest.raises(Stopped):
        clock.sleep(60.0)
    with pytest.raises(Stopped):
        await clock.asleep(60.0)


async def test_a_wait_that_nobody_stops_lasts_its_time(clock: StoppableClock) -> None:
    began = clock.now()

    clock.sleep(0.01)
    await clock.asleep(0.01)

    assert clock.now() - began >= 0.02
