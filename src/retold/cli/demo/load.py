"""The demo's load: begins papers at a steady rate, and sees every one of them to its end."""

from __future__ import annotations

import asyncio
import math
import time
from contextlib import suppress
from itertools import count, takewhile
from typing import Protocol

from retold.cli.demo.worlds.world import Paper

MAX_UNDER_WAY = 1000
"""Papers under way at which no further ones begin, so that an outage cannot pile them up without end."""

_GRACE = 10.0
"""Seconds that the papers under way have to end by themselves when the time is up: longer than any call."""


class Taker(Protocol):
    """Does all that is done with a paper."""

    async def take(self, paper: Paper) -> None:
        """Do it; nothing is raised."""

    def stop(self) -> None:
        """Have the papers that are under way end soon."""


class Load:
    """Papers begun at a steady rate.

    Args:
        taker: Takes them.
        rate: Papers a second.

    Attributes:
        held_back: Papers that did not begin because too many were under way.
    """

    def __init__(self, taker: Taker, rate: float) -> None:
        self.held_back = 0
        self._taker = taker
        self._rate = rate
        self._stopped = asyncio.Event()
        self._under_way: set[asyncio.Task[None]] = set()

    def stop(self) -> None:
        """Begin no more, and have those that are under way end soon."""
        self._stopped.set()
        self._taker.stop()

    async def run(self, duration: float | None) -> None:
        """Begin papers for `duration` seconds, or until `stop`, and return when all have ended."""
        began = time.monotonic()
        end = math.inf if duration is None else duration
        dues = takewhile(lambda due: due < end, (number / self._rate for number in count()))
        for number, due in enumerate(dues):
            if await self._stopped_by(began + due):
                break
            self._begin(Paper(number))
        await self._drain()

    async def _stopped_by(self, due: float) -> bool:
        """Wait for a moment, or until stopped."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopped.wait(), due - time.monotonic())
        return self._stopped.is_set()

    def _begin(self, paper: Paper) -> None:
        if len(self._under_way) >= MAX_UNDER_WAY:
            self.held_back += 1
            return
        task = asyncio.create_task(self._taker.take(paper))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _drain(self) -> None:
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=0 if self._stopped.is_set() else _GRACE)
        self.stop()
        if self._under_way:
            await asyncio.wait(self._under_way)
