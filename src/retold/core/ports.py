"""What the engine is handed from outside: time, chance and what can stop it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeAlias, runtime_checkable


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


@runtime_checkable
class StopEvent(Protocol):
    """Something that is set once and for all, such as a `threading.Event`, an `asyncio.Event` or a `trio.Event`."""

    def is_set(self) -> bool:
        """Whether it has been."""
        ...


Stop: TypeAlias = StopEvent | Callable[[], bool]
"""What can tell that everything is to end: an event, or a predicate."""
