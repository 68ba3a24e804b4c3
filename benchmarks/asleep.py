"""The memory of calls that sleep in an event loop."""

from __future__ import annotations

import asyncio
import gc
import tracemalloc

from benchmarks.subjects import Decorator, fails_first


async def bytes_asleep(decorate: Decorator, count: int) -> float:
    """The bytes of each of `count` calls, tasks included, that have failed once and sleep."""
    function = decorate(fails_first(count))
    gc.collect()
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    tasks = [asyncio.create_task(function(1)) for _ in range(count)]
    for _ in range(5):
        await asyncio.sleep(0)
    gc.collect()
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    awake = sum(task.done() for task in tasks)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    if awake:
        raise RuntimeError(f"{awake} of {count} calls were not asleep")
    return (after - before) / count
