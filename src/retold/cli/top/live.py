"""The view of endpoints on a terminal."""

from __future__ import annotations

import asyncio
import time

from retold.cli import signals
from retold.cli.top.terminal import Terminal
from retold.cli.top.view import View
from retold.cli.top.watch import Watch


async def show(watch: Watch, every: float) -> int:
    """Show it until `q`, Ctrl-C or SIGTERM; return the exit status."""
    stop = asyncio.Event()
    signals.set_instead(stop)
    with Terminal() as terminal:
        view = View(terminal, lambda: watch.scene, stop.set)
        tasks = [asyncio.create_task(work) for work in (_keep_looking(watch, every), view.run())]
        ended = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait((ended, *tasks), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (ended, *tasks):
                task.cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)
    for result in results:
        if isinstance(result, Exception):
            raise result
    return 0


async def _keep_looking(watch: Watch, every: float) -> None:
    due = time.monotonic()
    while True:
        await asyncio.to_thread(watch.look)
        # One that takes too long has the next follow at once, and not all that were missed.
        due = max(due + every, time.monotonic())
        await asyncio.sleep(due - time.monotonic())
