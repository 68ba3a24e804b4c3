"""The demo's clock, on which every wait can be ended at once."""

from __future__ import annotations

import asyncio
import threading
import time


class Stopped(BaseException):
    """The demo ends, and every wait with it. No `Exception`, for nothing may retry it."""


class StoppableClock:
    """The machine's clock, on which every wait can be ended at once."""

    now = staticmethod(time.monotonic)

    def __init__(self) -> None:
        self._stopped = threading.Event()
        self._stopped_async = asyncio.Event()

    def stop(self) -> None:
        """End all waits with `Stopped`, now and from now on. For the event loop's thread."""
        self._stopped.set()
        self._stopped_async.set()

    @property
    def is_stopped(self) -> bool:
        """Whether all waits have been ended."""
        return self._stopped.is_set()

    def check(self) -> None:
        """Raise `Stopped` if all waits have been ended."""
        if self.is_stopped:
            raise Stopped

    def sleep(self, seconds: float, /) -> None:
        if self._stopped.wait(seconds):
            raise Stopped

    async def asleep(self, seconds: float, /) -> None:
        try:
            await asyncio.wait_for(self._stopped_async.wait(), seconds)
        except TimeoutError:
            return
        raise Stopped


CLOCK = StoppableClock()
