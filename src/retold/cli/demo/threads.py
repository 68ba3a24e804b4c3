"""The demo's threads, in which what is not asynchronous is done."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from retold.cli.demo.clock import CLOCK

T = TypeVar("T")


class Threads:
    """As many threads as are needed, up to a limit; what finds none waits for one, and begins no more once stopped."""

    def __init__(self) -> None:
        self._executor = ThreadPoolExecutor(max_workers=64, thread_name_prefix="demo")

    async def do(self, function: Callable[[], T]) -> T:
        def begin() -> T:
            CLOCK.check()
            return function()

        return await asyncio.get_running_loop().run_in_executor(self._executor, begin)

    def close(self) -> None:
        """Wait for what is still done."""
        self._executor.shutdown()
