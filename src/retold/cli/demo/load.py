"""The demo's load: begins the crawler's jobs in turn, at a steady rate, and sees every one of them to its end."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import count, cycle, takewhile

from retold.cli.demo.crawler import CLOCK, Crawler, Stopped

MAX_UNDER_WAY = 1000
"""Calls under way at which no further ones begin, so that an outage cannot pile them up without end."""

_GRACE = 3.0
"""Seconds that the calls under way have to end by themselves when the time is up."""

Job = Callable[[int], Awaitable[object]]


class Load:
    """Calls begun at `rate` a second, over all jobs.

    Attributes:
        held_back: Calls that did not begin because too many were under way.
    """

    def __init__(self, crawler: Crawler, rate: float) -> None:
        self.held_back = 0
        self._crawler = crawler
        self._rate = rate
        self._stopped = asyncio.Event()
        self._under_way: set[asyncio.Task[None]] = set()
        self._threads = ThreadPoolExecutor(max_workers=64, thread_name_prefix="crawler")

    def stop(self) -> None:
        """Begin no more calls, end those that wait, and let those that ask the upstream have their answer."""
        self._stopped.set()
        CLOCK.stop()

    async def run(self, duration: float | None) -> None:
        """Begin calls for `duration` seconds, or until `stop`, and return when all have ended."""
        jobs = cycle((self._crawler.fetch_paper, self._download_pdf, self._crawler.update_index, self._find_citations))
        began = time.monotonic()
        end = math.inf if duration is None else duration
        dues = takewhile(lambda due: due < end, (number / self._rate for number in count()))
        for number, (due, job) in enumerate(zip(dues, jobs, strict=False)):
            if await self._stopped_by(began + due):
                break
            self._begin(job, number)
        await self._drain()

    async def _stopped_by(self, due: float) -> bool:
        """Wait for a moment, or until stopped."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopped.wait(), due - time.monotonic())
        return self._stopped.is_set()

    def _begin(self, job: Job, number: int) -> None:
        if len(self._under_way) >= MAX_UNDER_WAY:
            self.held_back += 1
            return
        task = asyncio.create_task(self._do(job, number))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _do(self, job: Job, number: int) -> None:
        # A call that gave up has been told to everyone who listens; a crawler goes on with the next paper.
        with suppress(Exception, Stopped):
            await job(number)

    async def _download_pdf(self, number: int) -> None:
        await asyncio.get_running_loop().run_in_executor(self._threads, self._crawler.download_pdf, number)

    async def _find_citations(self, number: int) -> None:
        await self._crawler.find_citations(number)

    async def _drain(self) -> None:
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=0 if self._stopped.is_set() else _GRACE)
        self.stop()
        if self._under_way:
            await asyncio.wait(self._under_way)
        self._threads.shutdown()
