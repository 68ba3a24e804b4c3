"""A limit on lines a second that loses no count."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any, Generic, TypeVar
from weakref import WeakSet

from retold import telemetry
from retold.journal.lock import Lock, at_fork

T = TypeVar("T")
_Key = tuple[str, int]


class _Flow(Generic[T]):
    """What went through lately, and what was held back since."""

    __slots__ = ("held", "last", "passed")

    def __init__(self, lines: int) -> None:
        self.passed: deque[float] = deque(maxlen=lines)
        self.held = 0
        self.last: T | None = None

    def is_full(self, now: float) -> bool:
        """Whether as many lines as are allowed went through within the last second."""
        return len(self.passed) == self.passed.maxlen and now - self.passed[0] < 1.0

    def is_idle(self, now: float) -> bool:
        return self.held == 0 and now - self.passed[-1] >= 1.0


class Limit(Generic[T]):
    """Lets so many lines through in any second, for each operation and level; the next one counts those held back.

    What must stay true: lines let through, and the counts they carry, are all lines there were, but for those that
    wait to be counted, which `drain` gives. Operations beyond a number share one flow.

    Args:
        lines: How many.
        now: Where it reads the time.
    """

    def __init__(self, lines: int, now: Callable[[], float]) -> None:
        self._lines = lines
        self._now = now
        self._flows: dict[_Key, _Flow[T]] = {}
        _limits.add(self)

    def pass_through(self, operation: str, level: int, line: T) -> int | None:
        """How many lines were held back since the last that passed; None to hold this one back too."""
        with _COUNTING:
            now = self._now()
            flow = self._flow((operation, level), now)
            if flow.is_full(now):
                flow.held += 1
                flow.last = line
                return None
            flow.passed.append(now)
            held, flow.held, flow.last = flow.held, 0, None
            return held

    def drain(self) -> list[tuple[int, T, int]]:
        """The level and the latest line of each flow that holds any back, and how many came before it; forgets them."""
        with _COUNTING:
            flows, self._flows = self._flows, {}
        return [(level, flow.last, flow.held - 1) for (_, level), flow in flows.items() if flow.last is not None]

    def restart(self) -> None:
        """Forget everything, as a forked child does: its parent has the count."""
        self._flows = {}

    def _flow(self, key: _Key, now: float) -> _Flow[T]:
        flow = self._flows.get(key)
        if flow is None:
            if len(self._flows) >= telemetry.MAX_OPERATIONS:
                self._flows = {key: flow for key, flow in self._flows.items() if not flow.is_idle(now)}
            if len(self._flows) >= telemetry.MAX_OPERATIONS:
                key = (telemetry.OTHER, key[1])
            flow = self._flows.setdefault(key, _Flow(self._lines))
        return flow


_COUNTING = Lock()
_limits: WeakSet[Limit[Any]] = WeakSet()


def _restart_all() -> None:
    for limit in _limits:
        limit.restart()


at_fork(_restart_all)
