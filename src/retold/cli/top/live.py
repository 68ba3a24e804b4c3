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
        await view.run(_keep_looking(watch, every), stop.wait())
    return 0


async def _keep_looking(watch: Watch, every: float) -> None:
    due = time.monotonic()
    while True:
        await asyncio.to_thread(watch.look)
        # One that takes too long has the next follow at once, and not all that were missed.
        due = max(due + every, time.monotonic())
        await asyncio.sleep(due - time.monotonic())
