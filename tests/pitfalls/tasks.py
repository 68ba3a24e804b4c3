"""Tasks of asyncio and trio: several at once, and one that is cancelled."""

import asyncio
from collections.abc import Awaitable, Callable

import trio

from tests.looping import TRIO, Library


async def together(library: Library, *works: Callable[[], Awaitable[object]]) -> None:
    """Run all of them at the same time, each in a task of its own."""
    if library is TRIO:
        async with trio.open_nursery() as nursery:
            for work in works:
                nursery.start_soon(work)
    else:
        async with asyncio.TaskGroup() as group:
            for work in works:
                group.create_task(_run(work))


async def _run(work: Callable[[], Awaitable[object]]) -> None:
    await work()


async def cancelled_after(library: Library, seconds: float, work: Callable[[], Awaitable[object]]) -> bool:
    """Run it for so long. Whether the cancellation arrived here."""
    if library is TRIO:
        with trio.move_on_after(seconds) as scope:
            await work()
        return scope.cancelled_caught
    try:
        async with asyncio.timeout(seconds):
            await work()
    except TimeoutError:
        return True
    return False
