"""What the engine is handed from outside: time and chance."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Protocol, runtime_checkable


@runtime_checkable
class Rng(Protocol):
    """A source of chance, such as `random.Random(seed)`."""

    def random(self) -> float:
        """A number from [0, 1)."""
        ...


@runtime_checkable
class Clock(Protocol):
    """A source of time that also waits. `retold.testing.ManualClock` is one for tests."""

    def now(self) -> float:
        """Seconds on a clock that never goes back; only differences mean anything."""
        ...

    def sleep(self, seconds: float, /) -> None:
        """Wait, blocking the thread."""
        ...

    def asleep(self, seconds: float, /) -> Awaitable[None]:
        """Wait, blocking the task."""
        ...
