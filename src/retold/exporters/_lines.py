"""Which log lines a call leaves, whatever library writes them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TypeAlias

from opentelemetry import trace
from opentelemetry.trace import SpanContext

from retold import telemetry
from retold.events import AttemptEnded, CallEnded, CallStarted, Outcome, RetryScheduled
from retold.exporter import Exporter
from retold.journal import Lock

Fields: TypeAlias = dict[str, str | int | float | bool]

LEVELS: Mapping[str, str] = {
    telemetry.EVENT_CALL_GAVE_UP: "warning",
    telemetry.EVENT_CALL_RECOVERED: "info",
    telemetry.EVENT_RETRY_SCHEDULED: "debug",
    telemetry.EVENT_ATTEMPT_FAILED: "debug",
    telemetry.EVENT_CALL_FAILED: "debug",
    telemetry.EVENT_CALL_CANCELLED: "debug",
}


class _Call:
    """The span of one call, from its first retry on. Nothing is current while it sleeps, and it may end there."""

    __slots__ = ("span",)

    def __init__(self) -> None:
        self.span: SpanContext | None = None


class Lines(Exporter):
    """Turns events into lines and hands them to `write`, which a backend gives.

    Args:
        now: Where the limit on lines a second reads the time.
    """

    hears_success = False
    hears_durations = False

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._limit = Limit(telemetry.MAX_GAVE_UP_LINES, now)

    def write(self, level: str, event: str, fields: Fields) -> None:
        """Write one line."""
        raise NotImplementedError

    def call_started(self, event: CallStarted) -> _Call:
        return _Call()

    def attempt_ended(self, state: _Call, event: AttemptEnded) -> None:
        if event.error_type is None:
            return
        fields: Fields = {
            telemetry.OPERATION: event.operation,
            telemetry.ATTEMPT_NUMBER: event.number,
            telemetry.ATTEMPT_OUTCOME: event.outcome.value,
            telemetry.ERROR_TYPE: event.error_type,
        }
        self._write(telemetry.EVENT_ATTEMPT_FAILED, fields, _current_span())

    def retry_scheduled(self, state: _Call, event: RetryScheduled) -> None:
        state.span = _current_span()
        fields: Fields = {
            telemetry.OPERATION: event.operation,
            telemetry.ATTEMPT_NUMBER: event.number,
            telemetry.RETRY_DELAY: event.delay,
            telemetry.RETRY_DELAY_SOURCE: event.source.value,
        }
        self._write(telemetry.EVENT_RETRY_SCHEDULED, fields, state.span)

    def call_ended(self, state: _Call, event: CallEnded) -> None:
        fields: Fields = {
            telemetry.OPERATION: event.operation,
            telemetry.OUTCOME: event.outcome.value,
            telemetry.RETRIED: event.retried,
            telemetry.ATTEMPT_COUNT: event.attempts,
            telemetry.DELAY_TOTAL: event.delay_total,
            telemetry.FALLBACK: event.fallback,
        }
        if event.error_type is not None:
            fields[telemetry.ERROR_TYPE] = event.error_type
        if event.outcome.is_give_up:
            suppressed = self._limit.pass_through(event.operation)
            if suppressed is None:
                return
            if suppressed:
                fields[telemetry.SUPPRESSED] = suppressed
        self._write(_name_of_end(event.outcome), fields, state.span or _current_span())

    def _write(self, event: str, fields: Fields, span: SpanContext) -> None:
        if span.is_valid:
            fields["trace_id"] = trace.format_trace_id(span.trace_id)
            fields["span_id"] = trace.format_span_id(span.span_id)
        self.write(LEVELS[event], event, fields)


_COUNTING = Lock()


class Limit:
    """Lets so many lines a second through for each operation, and counts the others."""

    def __init__(self, lines: int, now: Callable[[], float]) -> None:
        self._lines = lines
        self._now = now
        self._seen: dict[str, tuple[float, int, int]] = {}

    def pass_through(self, operation: str) -> int | None:
        """How many lines were held back since the last that passed; None to hold this one back too."""
        with _COUNTING:
            now = self._now()
            since, passed, held = self._seen.get(operation, (now, 0, 0))
            if now - since >= 1.0:
                since, passed = now, 0
            if passed >= self._lines:
                self._seen[operation] = (since, passed, held + 1)
                return None
            self._seen[operation] = (since, passed + 1, 0)
            return held


def _current_span() -> SpanContext:
    return trace.get_current_span().get_span_context()


def _name_of_end(outcome: Outcome) -> str:
    if outcome is Outcome.SUCCESS:
        return telemetry.EVENT_CALL_RECOVERED
    if outcome is Outcome.CANCELLED:
        return telemetry.EVENT_CALL_CANCELLED
    return telemetry.EVENT_CALL_GAVE_UP if outcome.is_give_up else telemetry.EVENT_CALL_FAILED
