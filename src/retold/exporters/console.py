"""Tells people at a terminal what fails and what is done about it."""

from __future__ import annotations

import sys
from datetime import datetime
from typing import TextIO

from retold.events import AttemptEnded, AttemptOutcome, CallEnded, CallStarted, Outcome, RetryScheduled
from retold.exporter import Exporter


class _Attempt:
    """How the latest attempt of a call failed."""

    __slots__ = ("how",)
    how: str


class Console(Exporter):
    """A line for each retry, and one for each call that retried or failed.

    Args:
        stream: Where the lines go; standard error unless given.
    """

    name = "console"
    hears_success = False

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream

    def call_started(self, event: CallStarted) -> _Attempt:
        return _Attempt()

    def attempt_ended(self, state: _Attempt, event: AttemptEnded) -> None:
        kind = "was rejected" if event.outcome is AttemptOutcome.REJECTED else f"failed ({event.error_type})"
        state.how = f"attempt {event.number} {kind}"

    def retry_scheduled(self, state: _Attempt, event: RetryScheduled) -> None:
        why = f"by {event.source}"
        if event.hint is not None:
            why += f", asked for {event.hint:g} s"
        if event.ignored is not None:
            why += f", {event.ignored} unusable"
        self._say(event.operation, f"{state.how}, the next in {event.delay:.3g} s ({why})", event.time)

    def call_ended(self, state: _Attempt, event: CallEnded) -> None:
        how = "succeeded" if event.outcome is Outcome.SUCCESS else f"ended as {event.outcome}"
        if event.error_type is not None:
            how += f" ({event.error_type})"
        if event.hint is not None:
            how += f", asked for {event.hint:g} s,"
        if event.fallback:
            how += ", a fallback was served,"
        times = "1 attempt" if event.attempts == 1 else f"{event.attempts} attempts"
        self._say(event.operation, f"{how} after {times} in {event.duration:.3g} s", event.time)

    def _say(self, operation: str, text: str, time: int) -> None:
        # One write with the line's end in it: threads must not tear each other's lines.
        stream = sys.stderr if self._stream is None else self._stream
        stream.write(f"{datetime.fromtimestamp(time / 1e9):%H:%M:%S} {operation}: {text}\n")
