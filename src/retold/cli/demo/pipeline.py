"""What is done with a paper: every step of all worlds, in stages."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Self

from retold.cli.demo.clock import CLOCK, Stopped
from retold.cli.demo.threads import Threads
from retold.cli.demo.worlds.world import Access, Paper, Step, World

STAGES = (
    ("papers.fetch",),
    ("pdfs.download", "index.update", "citations.find"),
    ("papers.summarise",),
    ("papers.store",),
    ("labels.print",),
)
"""The operations of a paper: one stage after the other, and each stage's at once."""


def stages(steps: Mapping[str, Step]) -> list[list[Step]]:
    """The stages that these steps make, by their operations."""
    found = ([steps[operation] for operation in stage if operation in steps] for stage in STAGES)
    return [stage for stage in found if stage]


class Pipeline:
    """Takes papers through their stages, in this process."""

    def __init__(self, stages: Sequence[Sequence[Step]]) -> None:
        self._stages = stages

    @classmethod
    @asynccontextmanager
    async def through(
        cls, worlds: Iterable[tuple[type[World], Mapping[str, Any]]], folder: Path
    ) -> AsyncGenerator[Self, None]:
        """One through worlds that are ready; what it opens is closed when the context ends.

        Args:
            worlds: Each with what it said when it was ready.
            folder: Theirs.
        """
        async with AsyncExitStack() as at_end:
            threads = Threads()
            at_end.callback(threads.close)
            steps: dict[str, Step] = {}
            for world, ready in worlds:
                steps |= world.steps(Access(folder, ready, threads, at_end))
            yield cls(stages(steps))

    async def take(self, paper: Paper) -> None:
        """Take a paper through all stages, or up to the stage at which all is stopped."""
        for stage in self._stages:
            if CLOCK.is_stopped:
                break
            await asyncio.gather(*(_do(step, paper) for step in stage))

    def stop(self) -> None:
        """End the calls that wait, and let those that ask for something have their answer."""
        CLOCK.stop()


async def _do(step: Step, paper: Paper) -> None:
    # A call that gave up has been told to everyone who listens; the paper goes on with what there is.
    with suppress(Exception, Stopped):
        await step(paper)
