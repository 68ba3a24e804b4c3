"""Waits that the policy's stop ends."""

from __future__ import annotations

import threading
import time
from collections.abc import Awaitable, Callable
from sys import modules
from typing import Final

from retold.runners.call import Call
from retold.runners.clocks import LONGEST, SYSTEM_CLOCK, in_trio

INTERVAL: Final = 0.05
"""Seconds between two looks at a stop that cannot be waited for: a predicate, or an event of another library."""


def sleep(call: Call) -> None:
    """Block the thread until the delay is over or the stop is set.

    Only the machine's clock is cut short: what another's seconds are is its own affair.
    """
    delay = min(call.delay, LONGEST)
    if call.clock is not SYSTEM_CLOCK or not delay:
        call.clock.sleep(call.delay)
        return
    stop = call.plan.rules.stop
    if isinstance(stop, threading.Event):
        stop.wait(delay)
        return
    end = time.monotonic() + delay
    while not call.is_stopped() and (left := end - time.monotonic()) > 0:
        time.sleep(min(left, INTERVAL))


async def asleep(call: Call) -> None:
    """The same for the task, of asyncio or trio. No thread and no task is started."""
    if call.clock is not SYSTEM_CLOCK or not call.delay:
        await call.clock.asleep(call.delay)
        return
    delay, wait = min(call.delay, LONGEST), _awaitable(call.plan.rules.stop)
    if in_trio():
        trio = modules["trio"]
        with trio.move_on_after(delay):
            await _stop(call, wait, trio.sleep)
        return
    import asyncio

    scope = asyncio.timeout(delay)
    try:
        async with scope:
            await _stop(call, wait, asyncio.sleep)
    except TimeoutError:
        if not scope.expired():  # what a predicate raised
            raise


async def _stop(
    call: Call, wait: Callable[[], Awaitable[object]] | None, nap: Callable[[float], Awaitable[None]]
) -> None:
    """Return when the stop is set."""
    if wait is not None and await _waited(wait):
        return
    while not call.is_stopped():
        await nap(INTERVAL)


async def _waited(wait: Callable[[], Awaitable[object]]) -> bool:
    """Wait for it; False if it cannot be waited for here, but in another loop or by another library."""
    try:
        await wait()
    except Exception:  # noqa: BLE001 - whatever an event says to a loop or library that is not its own
        return False
    return True


def _awaitable(stop: object) -> Callable[[], Awaitable[object]] | None:
    """What waits for it, if that can be awaited."""
    import inspect  # slow to import, and whoever runs an event loop has done it

    wait = getattr(stop, "wait", None)
    return wait if inspect.iscoroutinefunction(wait) else None
