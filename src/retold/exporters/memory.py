"""Keeps what it is told, for tests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from retold.events import AttemptEnded, AttemptStarted, CallEnded, CallStarted, Outcome, RetryScheduled
from retold.exporter import Exporter
from retold.exporters._told import Ended, Expected

Event: TypeAlias = CallStarted | AttemptStarted | AttemptEnded | RetryScheduled | CallEnded


class Memory(Exporter):
    """Every event of every call, in the order told; nothing is ever dropped, so it is for tests only.

    Attributes:
        events: All of them, calls that ran at the same time interleaved.
    """

    name = "memory"
    live = True

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._ended: list[Ended] = []

    @property
    def calls(self) -> list[CallEnded]:
        """The ends of calls."""
        return [event for event in self.events if isinstance(event, CallEnded)]

    @property
    def attempts(self) -> list[AttemptEnded]:
        """The ends of attempts."""
        return [event for event in self.events if isinstance(event, AttemptEnded)]

    @property
    def retries(self) -> list[RetryScheduled]:
        """The retries that were scheduled."""
        return [event for event in self.events if isinstance(event, RetryScheduled)]

    @property
    def delays(self) -> list[float]:
        """The seconds before each retry, as they were planned."""
        return [retry.delay for retry in self.retries]

    @property
    def last(self) -> CallEnded:
        """The end of the last call.

        Raises:
            LookupError: No call has ended.
        """
        for event in reversed(self.events):
            if isinstance(event, CallEnded):
                return event
        raise LookupError("no call has ended")

    def of(self, operation: str) -> Memory:
        """What has been told of one operation so far: `seen.of("shop.fetch").delays`."""
        made = Memory()
        made.events = [event for event in self.events if event.operation == operation]
        made._ended = [ended for ended in self._ended if ended.call.operation == operation]
        return made

    def assert_calls(
        self,
        operation: str | None = None,
        outcome: Outcome | str | None = None,
        *,
        attempts: int | None = None,
        delays: Sequence[float] | None = None,
        error_type: str | None = None,
        fallback: bool | None = None,
        count: int = 1,
    ) -> list[CallEnded]:
        """Assert that exactly `count` calls ended like this, and return their ends.

        Args:
            operation: Its name; None, here and for all that follow, if anything will do.
            outcome: A `retold.Outcome`, or its value.
            attempts: How many were made.
            delays: The seconds before each retry, as they were planned.
            error_type: The `error.type` of the failure.
            fallback: Whether a fallback was served.
            count: How many such calls; 0 if there must be none. Others may be there.

        Raises:
            AssertionError: There were more or fewer; the message lists the calls that there were.
            ValueError: There is no such outcome.
        """
        wanted = None if outcome is None else Outcome(outcome)
        expected = Expected(operation, wanted, attempts, delays, error_type, fallback)
        found = [ended.call for ended in self._ended if expected.fits(ended)]
        if len(found) != count:
            begun = sum(isinstance(event, CallStarted) for event in self.events)
            raise AssertionError(expected.fault(count, self._ended, max(begun - len(self._ended), 0)))
        return found

    def clear(self) -> None:
        """Forget all events."""
        self.events.clear()
        self._ended.clear()

    def call_started(self, event: CallStarted) -> list[float]:
        self.events.append(event)
        return []

    def attempt_started(self, state: list[float], event: AttemptStarted) -> None:
        self.events.append(event)

    def attempt_ended(self, state: list[float], event: AttemptEnded) -> None:
        self.events.append(event)

    def retry_scheduled(self, state: list[float], event: RetryScheduled) -> None:
        self.events.append(event)
        state.append(event.delay)

    def call_ended(self, state: list[float], event: CallEnded) -> None:
        self.events.append(event)
        self._ended.append(Ended(event, tuple(state)))
