"""The clock that policies use unless they are given another."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from sys import modules

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
        """Block the task, of asyncio or trio; a zero wait gives the other tasks one turn."""
        # Whoever awaits this runs a loop and so has imported its library; importing retold must not.
        if in_trio():
            return modules["trio"].sleep(min(seconds, LONGEST))  # type: ignore[no-any-return]
        from asyncio import sleep

        return sleep(seconds)


def _look_for_asyncio() -> object:
    global running_loop
    # It is not there yet while another thread imports asyncio.
    found = getattr(modules.get("asyncio"), "_get_running_loop", None)
    if found is None:
        return None
    running_loop = found
    return found()


running_loop: Callable[[], object] = _look_for_asyncio
"""The event loop of asyncio's, or one that stands in its place, which this thread runs; None without one.

asyncio's own, once somebody has imported it. The public `get_running_loop` raises where there is none, at a cost that
every wait would pay.
"""


def in_trio() -> bool:
    """Whether it is trio that runs this; else it is asyncio, or nothing."""
    if "trio" not in modules:
        return False
    try:
        modules["trio"].lowlevel.current_task()
    except (RuntimeError, AttributeError):  # or another thread imports it
        return False
    return True


SYSTEM_CLOCK = SystemClock()
