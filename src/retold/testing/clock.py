"""A clock on which no time passes."""

from __future__ import annotations


class ManualClock:
    """A clock for `Policy(clock=...)` on which only waits, and `advance`, make time pass.

    Attributes:
        waits: The seconds of every wait so far, in order.
    """

    def __init__(self) -> None:
        self.waits: list[float] = []
        self._now = 0.0

    def now(self) -> float:
        """Seconds since the clock was made."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self._now += seconds

    def sleep(self, seconds: float, /) -> None:
        """Let the time of a wait pass at once."""
        self.waits.append(seconds)
        self.advance(seconds)

    async def asleep(self, seconds: float, /) -> None:
        """The same for tasks."""
        self.sleep(seconds)
