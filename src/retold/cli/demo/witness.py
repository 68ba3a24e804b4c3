"""What feeds the demo's live view: an exporter that counts as `/metrics` would, and sees retries as they happen."""

from __future__ import annotations

import math
import threading
import time
from bisect import bisect_left
from dataclasses import dataclass

from retold import (
    AttemptEnded,
    AttemptStarted,
    CallEnded,
    CallStarted,
    Outcome,
    RetryScheduled,
    telemetry,
)
from retold.cli.demo.pool.listener import Listener
from retold.cli.top.happenings import Happenings
from retold.cli.top.reading import Key, Kind, Reading
from retold.cli.top.scene import Happening, Mood
from retold.cli.top.words import error

_BOUNDS = (*telemetry.CALL_DURATION.buckets, math.inf)


@dataclass(slots=True, eq=False)
class _Call:
    error_type: str = ""


class Witness(Listener):
    """Counts by operation, and remembers the latest retries.

    Args:
        operations: Known from the start, so that they have a row before their first call.
    """

    name = "view"

    def __init__(self, operations: list[str]) -> None:
        self._lock = threading.Lock()
        self._counters: dict[Key, float] = {Key(Kind.CALLS, each, Outcome.SUCCESS): 0 for each in operations}
        self._gauges: dict[Key, float] = {}
        self._happenings = Happenings()
        self._asleep: dict[_Call, float] = {}

    def reading(self) -> Reading:
        """What has been counted up to now."""
        with self._lock:
            return Reading(dict(self._counters), dict(self._gauges))

    def happenings(self) -> tuple[Happening, ...]:
        """The latest retries, give-ups and what else was told, the latest last."""
        with self._lock:
            return self._happenings.latest()

    def tell(self, happening: Happening) -> None:
        """Have something else among them."""
        with self._lock:
            self._happenings.add(happening)

    def longest_wait(self) -> float | None:
        """Seconds until the last of those that are asleep now will wake."""
        with self._lock:
            ends = list(self._asleep.values())
        return max(0.0, max(ends) - time.monotonic()) if ends else None

    def call_started(self, event: CallStarted) -> _Call:
        with self._lock:
            self._move(Kind.ACTIVE, event.operation, 1)
        return _Call()

    def attempt_started(self, state: _Call, event: AttemptStarted) -> None:
        self._wake(state, event.operation)

    def attempt_ended(self, state: _Call, event: AttemptEnded) -> None:
        state.error_type = event.error_type or ""
        with self._lock:
            self._count(Kind.ATTEMPTS, event.operation, event.outcome)
            if event.error_type is not None:
                self._count(Kind.FAILURES, event.operation, event.error_type)

    def retry_scheduled(self, state: _Call, event: RetryScheduled) -> None:
        told = f"#{event.number} {error(state.error_type)} waits {event.delay:.2f} s ({event.source})"
        with self._lock:
            self._asleep[state] = time.monotonic() + event.delay
            self._move(Kind.WAITING, event.operation, 1)
            self._happenings.add(Happening(event.time / 1e9, event.operation, told, Mood.FAIR))

    def call_ended(self, state: _Call, event: CallEnded) -> None:
        self._wake(state, event.operation)
        with self._lock:
            self._move(Kind.ACTIVE, event.operation, -1)
            self._count(Kind.CALLS, event.operation, event.outcome)
            self._count(Kind.MADE, event.operation, by=event.attempts)
            self._count(Kind.ENDED, event.operation)
            self._count(Kind.WAITED, event.operation, by=event.delay_total)
            self._count(Kind.SPENT, event.operation, by=event.duration)
            for bound in _BOUNDS[bisect_left(_BOUNDS, event.duration) :]:
                self._count(Kind.DURATIONS, event.operation, str(bound))
            if event.outcome.is_give_up:
                told = f"gave up: {event.outcome} after {event.attempts} attempts"
                self._happenings.add(Happening(event.time / 1e9, event.operation, told))

    def call_lost(self, state: _Call, operation: str, *, in_attempt: bool) -> None:
        self._wake(state, operation)
        with self._lock:
            self._move(Kind.ACTIVE, operation, -1)

    def _wake(self, state: _Call, operation: str) -> None:
        with self._lock:
            if self._asleep.pop(state, None) is not None:
                self._move(Kind.WAITING, operation, -1)

    def _count(self, kind: Kind, operation: str, of: str = "", *, by: float = 1) -> None:
        key = Key(kind, operation, of)
        self._counters[key] = self._counters.get(key, 0) + by

    def _move(self, kind: Kind, operation: str, by: int) -> None:
        key = Key(kind, operation)
        self._gauges[key] = self._gauges.get(key, 0) + by
