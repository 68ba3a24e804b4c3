"""The demo's own count of what it is told, as an exporter: what the table is made of."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field
from time import time_ns

from retold import AttemptEnded, AttemptStarted, CallEnded, CallStarted, Outcome, RetryScheduled
from retold.cli.demo.incident import Incident, Phase
from retold.cli.demo.pool.listener import Listener


@dataclass(slots=True)
class Count:
    """Calls and attempts that ended, of one operation, one phase or one second; and those that were lost, as they had
    not ended when their process was killed.

    Attributes:
        made: Attempts that those calls had made, some of them before that second.
    """

    calls: Counter[str] = field(default_factory=Counter[str])
    attempts: Counter[str] = field(default_factory=Counter[str])
    made: int = 0
    fallbacks: int = 0
    lost_calls: int = 0
    lost_attempts: int = 0
    longest_wait: float = 0.0

    @property
    def effective(self) -> float | None:
        """The share of calls that succeeded: what users see. Cancelled ones are no answer."""
        return _share(self.calls)

    @property
    def actual(self) -> float | None:
        """The share of attempts that succeeded: how the upstream really is."""
        return _share(self.attempts)

    @property
    def amplification(self) -> float | None:
        """Attempts that each call had made when it ended: the load that retries add."""
        calls = self.calls.total()
        return self.made / calls if calls else None

    @property
    def give_ups(self) -> dict[str, int]:
        """Calls that gave up, by outcome."""
        return {outcome: self.calls[outcome] for outcome in sorted(self.calls) if outcome in _GIVE_UPS}


def _share(ended: Counter[str]) -> float | None:
    answered = ended.total() - ended["cancelled"]
    return ended["success"] / answered if answered else None


_GIVE_UPS = {outcome.value for outcome in Outcome if outcome.is_give_up}


@dataclass(slots=True)
class _Call:
    phase: Phase
    asleep: bool = False


class Tally(Listener):
    """Counts by operation and by phase of the incident; a call belongs to the phase in which it began.

    Attributes:
        operations: The counts of each operation.
        phases: The counts of each phase.
        active: Calls begun and not ended.
        waiting: Of these, asleep between two attempts.
    """

    name = "demo"

    def __init__(self, operations: list[str], incident: Incident | None) -> None:
        self.operations = {operation: Count() for operation in operations}
        self.phases: dict[Phase, Count] = {}
        self.active = self.waiting = 0
        self._second = Count()
        self._incident = incident
        self._began = time_ns()
        self._lock = threading.Lock()

    def begin(self) -> None:
        """The load begins now."""
        self._began = time_ns()

    @property
    def attempts(self) -> int:
        """Attempts that ended, of all operations."""
        return sum(count.attempts.total() for count in self.operations.values())

    def take_second(self) -> Count:
        """What has been counted since this was asked last."""
        with self._lock:
            second, self._second = self._second, Count()
            return second

    def call_started(self, event: CallStarted) -> _Call:
        elapsed = (event.time - self._began) / 1e9
        with self._lock:
            self.active += 1
        return _Call(Phase.BEFORE if self._incident is None else self._incident.phase(elapsed))

    def attempt_started(self, state: _Call, event: AttemptStarted) -> None:
        self._wake(state)

    def attempt_ended(self, state: _Call, event: AttemptEnded) -> None:
        with self._lock:
            for counts in self._counts(event.operation, state):
                counts.attempts[event.outcome.value] += 1

    def retry_scheduled(self, state: _Call, event: RetryScheduled) -> None:
        with self._lock:
            state.asleep = True
            self.waiting += 1
            for counts in self._counts(event.operation, state):
                counts.longest_wait = max(counts.longest_wait, event.delay)

    def call_ended(self, state: _Call, event: CallEnded) -> None:
        self._wake(state)
        with self._lock:
            self.active -= 1
            for counts in self._counts(event.operation, state):
                counts.calls[event.outcome.value] += 1
                counts.made += event.attempts
                counts.fallbacks += event.fallback

    def call_lost(self, state: _Call, operation: str, *, in_attempt: bool) -> None:
        self._wake(state)
        with self._lock:
            self.active -= 1
            for counts in self._counts(operation, state):
                counts.lost_calls += 1
                counts.lost_attempts += in_attempt

    def _wake(self, state: _Call) -> None:
        if state.asleep:
            state.asleep = False
            with self._lock:
                self.waiting -= 1

    def _counts(self, operation: str, state: _Call) -> tuple[Count, Count, Count]:
        return self.operations[operation], self.phases.setdefault(state.phase, Count()), self._second
