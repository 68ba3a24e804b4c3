"""Keeps what it is told, for tests."""

from __future__ import annotations

from typing import TypeAlias

from retold.events import AttemptEnded, AttemptStarted, CallEnded, CallStarted, RetryScheduled
from retold.exporter import Exporter

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
    def last(self) -> CallEnded:
        """The end of the last call.

        Raises:
            LookupError: No call has ended.
        """
        for event in reversed(self.events):
            if isinstance(event, CallEnded):
                return event
        raise LookupError("no call has ended")

    def clear(self) -> None:
        """Forget all events."""
        self.events.clear()

    def call_started(self, event: CallStarted) -> None:
        self.events.append(event)

    def attempt_started(self, state: None, event: AttemptStarted) -> None:
        self.events.append(event)

    def attempt_ended(self, state: None, event: AttemptEnded) -> None:
        self.events.append(event)

    def retry_scheduled(self, state: None, event: RetryScheduled) -> None:
        self.events.append(event)

    def call_ended(self, state: None, event: CallEnded) -> None:
        self.events.append(event)
