"""What runs beside others, a thread or a task, with a time of its own and interrupted where the script says."""

from __future__ import annotations

import asyncio
from contextvars import ContextVar


class Interrupt(BaseException):
    """Something that is never retried."""


class Strand:
    """One line of calls, one after the other.

    Attributes:
        number: Which one it is, from 0.
        time: Seconds on its own clock.
        interrupted: Whether its next wait is cut off in the middle.
        around: For each call that runs in it, the outermost first, whether it may retry.
    """

    def __init__(self, number: int) -> None:
        self.number = number
        self.time = 0.0
        self.interrupted = False
        self.around: list[bool] = []


STRAND: ContextVar[Strand] = ContextVar("strand")


class StrandClock:
    """The time of whichever strand asks: what the calls do does not depend on who else runs."""

    def now(self) -> float:
        return STRAND.get().time

    def sleep(self, seconds: float, /) -> None:
        strand = STRAND.get()
        if strand.interrupted:
            strand.time += seconds / 2
            raise Interrupt
        strand.time += seconds

    async def asleep(self, seconds: float, /) -> None:
        strand = STRAND.get()
        if strand.interrupted:
            strand.time += seconds / 2
            await cancelled()
        strand.time += seconds
        await asyncio.sleep(0)


async def cancelled() -> None:
    """Have the task that runs be cancelled here."""
    task = asyncio.current_task()
    assert task is not None
    task.cancel()
    await asyncio.sleep(0)


CLOCK = StrandClock()
