"""Which log lines a call leaves, whatever library writes them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TypeAlias

from opentelemetry import trace

from retold import telemetry
from retold.events import AttemptEnded, AttemptOutcome, CallEnded, CallStarted, Outcome, RetryScheduled
from retold.exporter import Exporter

Fields: TypeAlias = dict[str, str | int | float | bool]

LEVELS: Mapping[str, str] = {
    telemetry.EVENT_CALL_GAVE_UP: "warning",
    telemetry.EVENT_CALL_RECOVERED: "info",
    telemetry.EVENT_RETRY_SCHEDULED: "debug",
    telemetry.EVENT_ATTEMPT_FAILED: "debug",
    telemetry.EVENT_CALL_FAILED: "debug",
    telemetry.EVENT_CALL_CANCELLED: "debug",
}


class Lines(Exporter):
    """Turns events into lines and hands them to `write`, which a backend gives."""

    hears_success = False

    def __init__(self) -> None:
        self._limit = Limit(telemetry.MAX_GAVE_UP_LINES)

    def write(self, level: str, event: str, fields: Fields) -> None:
        """Write one line."""
        raise NotImplementedError

    def call_started(self, event: CallStarted) -> None:
        return None

    def attempt_ended(self, state: None, event: AttemptEnded) -> None:
        if event.outcome is AttemptOutcome.CANCELLED or event.error_type is None:
            return
        fields: Fields = {
            telemetry.OPERATION: event.operation,
            telemetry.ATTEMPT_NUMBER: event.number,
            telemetry.ATTEMPT_OUTCOME: event.outcome.value,
            telemetry.ERROR_TYPE: event.error_type,
        }
        self._write(telemetry.EVENT_ATTEMPT_FAILED, fields)

    def retry_scheduled(self, state: None, event: RetryScheduled) -> None:
        fields: Fields = {
            telemetry.OPERATION: event.operation,
            telemetry.ATTEMPT_NUMBER: event.number,
            telemetry.RETRY_DELAY: event.delay,
            telemetry.RETRY_DELAY_SOURCE: event.source.value,
        }
        self._write(telemetry.EVENT_RETRY_SCHEDULED, fields)

    def call_ended(self, state: None, event: CallEnded) -> None:
        fields: Fields = {
            telemetry.OPERATION: event.operation,
            telemetry.OUTCOME: event.outcome.value,
            telemetry.RETRIED: event.retried,
            telemetry.ATTEMPT_COUNT: event.attempts,
            telemetry.DELAY_TOTAL: event.delay_total,
        }
        if event.error_type is not None:
            fields[telemetry.ERROR_TYPE] = event.error_type
        if event.fallback:
            fields[telemetry.FALLBACK] = True
        if event.outcome.is_give_up:
            suppressed = self._limit.pass_through(event.operation)
            if suppressed is None:
                return
            if suppressed:
                fields[telemetry.SUPPRESSED] = suppressed
        self._write(_name_of_end(event.outcome), fields)

    def _write(self, event: str, fields: Fields) -> None:
        context = trace.get_current_span().get_span_context()
        if context.is_valid:
            fields["trace_id"] = trace.format_trace_id(context.trace_id)
            fields["span_id"] = trace.format_span_id(context.span_id)
        self.write(LEVELS[event], event, fields)


class Limit:
    """Lets so many lines a second through for each operation, and counts the others."""

    def __init__(self, lines: int) -> None:
        self._lines = lines
        self._seen: dict[str, tuple[float, int, int]] = {}

    def pass_through(self, operation: str) -> int | None:
        """How many lines were held back since the last that passed; None to hold this one back too."""
        now = time.monotonic()
        since, passed, held = self._seen.get(operation, (now, 0, 0))
        if now - since >= 1.0:
            since, passed = now, 0
        if passed >= self._lines:
            self._seen[operation] = (since, passed, held + 1)
            return None
        self._seen[operation] = (since, passed + 1, 0)
        return held


def _name_of_end(outcome: Outcome) -> str:
    if outcome is Outcome.SUCCESS:
        return telemetry.EVENT_CALL_RECOVERED
    if outcome is Outcome.CANCELLED:
        return telemetry.EVENT_CALL_CANCELLED
    return telemetry.EVENT_CALL_GAVE_UP if outcome.is_give_up else telemetry.EVENT_CALL_FAILED
