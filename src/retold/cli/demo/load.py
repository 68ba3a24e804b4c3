"""The demo's load: begins papers at a steady rate, takes each through all worlds, and sees every one to its end."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from itertools import count, takewhile

from retold.cli.demo.clock import CLOCK, Stopped
from retold.cli.demo.threads import Threads
from retold.cli.demo.worlds.world import Paper, Step, World

STAGES = (
    ("papers.fetch",),
    ("pdfs.download", "index.update", "citations.find"),
    ("papers.summarise",),
    ("papers.store",),
    ("labels.print",),
)
"""What is done with a paper: one stage after the other, and each stage's steps at once."""

MAX_UNDER_WAY = 1000
"""Papers under way at which no further ones begin, so that an outage cannot pile them up without end."""

_GRACE = 10.0
"""Seconds that the papers under way have to end by themselves when the time is up: longer than any call."""


class Load:
    """Papers begun at a steady rate, each of them a call of every step.

    Args:
        stages: The steps of a paper.
        rate: Papers a second.

    Attributes:
        held_back: Papers that did not begin because too many were under way.
    """

    def __init__(self, stages: Sequence[Sequence[Step]], rate: float) -> None:
        self.held_back = 0
        self._stages = stages
        self._rate = rate
        self._stopped = asyncio.Event()
        self._under_way: set[asyncio.Task[None]] = set()

    def stop(self) -> None:
        """Begin no more, end the calls that wait, and let those that ask for something have their answer."""
        self._stopped.set()
        CLOCK.stop()

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
        task = asyncio.create_task(self._take_through(paper))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _take_through(self, paper: Paper) -> None:
        for stage in self._stages:
            if self._stopped.is_set():
                break
            await asyncio.gather(*(self._do(step, paper) for step in stage))

    async def _do(self, step: Step, paper: Paper) -> None:
        # A call that gave up has been told to everyone who listens; the paper goes on with what there is.
        with suppress(Exception, Stopped):
            await step(paper)

    async def _drain(self) -> None:
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=0 if self._stopped.is_set() else _GRACE)
        self.stop()
        if self._under_way:
            await asyncio.wait(self._under_way)


@asynccontextmanager
async def load_on(worlds: Sequence[World], rate: float) -> AsyncGenerator[Load, None]:
    """A load on all of these worlds, which are ready; when the context ends, what papers need is closed.

    Args:
        worlds: What their steps are taken of.
        rate: Calls a second, over all steps.
    """
    async with AsyncExitStack() as at_end:
        threads = Threads()
        at_end.callback(threads.close)
        steps = {operation: step for world in worlds for operation, step in world.steps(threads, at_end).items()}
        yield Load(stages(steps), rate / len(steps))


def stages(steps: Mapping[str, Step]) -> list[list[Step]]:
    """The stages that these steps make, by their operations."""
    found = ([steps[operation] for operation in stage if operation in steps] for stage in STAGES)
    return [stage for stage in found if stage]
