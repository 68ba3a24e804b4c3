"""The clock that policies use unless they are given another."""

from __future__ import annotations

import time
from collections.abc import Awaitable

LONGEST = 1e9
"""Seconds; the operating system's clock overflows somewhere beyond."""


class SystemClock:
    """The machine's monotonic clock: changing the wall clock changes nothing."""

    now = staticmethod(time.monotonic)

    def sleep(self, seconds: float, /) -> None:
        """Block the thread, for decades at most. A zero wait costs no system call."""
        if seconds > 0:
            time.sleep(min(seconds, LONGEST))

    def asleep(self, seconds: float, /) -> Awaitable[None]:
        """Block the task; a zero wait gives the other tasks one turn."""
        # Whoever awaits this runs a loop and so has imported asyncio; importing retold must not.
        from asyncio import sleep

        return sleep(seconds)


SYSTEM_CLOCK = SystemClock()
