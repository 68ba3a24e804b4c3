"""Which log lines a call leaves, whatever library writes them."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from typing import TypeAlias

from opentelemetry import trace
from opentelemetry.trace import SpanContext

from retold import telemetry
from retold.events import AttemptEnded, CallEnded, CallStarted, Outcome, RetryScheduled
from retold.exporter import Exporter
from retold.exporters._levels import STANDARD, Levels, numbers
from retold.exporters._limit import Limit
from retold.nesting import depth

Fields: TypeAlias = dict[str, str | int | float | bool]


class _Call:
    """The span of one call, from its first retry on. Nothing is current while it sleeps, and it may end there."""

    __slots__ = ("span",)

    def __init__(self) -> None:
        self.span: SpanContext | None = None


class Lines(Exporter):
    """Turns events into lines and hands them to `write`, which a backend gives.

    Args:
        levels: At which level an event is logged, where it is not the contract's; None writes nothing of it.
        known: The levels that there are.
        only: Whether other numbers than those of `known` are refused too.
        now: Where the limit on lines a second reads the time.
    """

    hears_success = False
    hears_durations = False

    def __init__(
        self,
        levels: Levels | None = None,
        *,
        known: Mapping[str, int] = STANDARD,
        only: bool = False,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._levels = numbers(levels, known, only=only)
        self._limit: Limit[Fields] = Limit(telemetry.MAX_GAVE_UP_LINES, now)

    def wants(self, level: int) -> bool:
        """Whether lines of this level are written at all."""
        return True

    def write(self, level: int, event: str, fields: Fields) -> None:
        """Write one line."""
        raise NotImplementedError

    def call_started(self, event: CallStarted) -> _Call:
        return _Call()

    def attempt_ended(self, state: _Call, event: AttemptEnded) -> None:
        level = self._level(telemetry.EVENT_ATTEMPT_FAILED)
        if level is None or event.error_type is None:
            return
        fields: Fields = {
            telemetry.OPERATION: event.operation,
            telemetry.ATTEMPT_NUMBER: event.number,
            telemetry.ATTEMPT_OUTCOME: event.outcome.value,
            telemetry.ERROR_TYPE: event.error_type,
        }
        self.write(level, telemetry.EVENT_ATTEMPT_FAILED, _with_ids(fields, _current_span()))

    def retry_scheduled(self, state: _Call, event: RetryScheduled) -> None:
        state.span = _current_span()
        level = self._level(telemetry.EVENT_RETRY_SCHEDULED)
        if level is None:
            return
        around = depth()
        fields: Fields = {
            telemetry.OPERATION: event.operation,
            telemetry.ATTEMPT_NUMBER: event.number,
            telemetry.RETRY_DELAY: event.delay,
            telemetry.RETRY_DELAY_SOURCE: event.source.value,
        }
        if event.hint is not None:
            fields[telemetry.RETRY_HINT] = event.hint
        if event.ignored is not None:
            fields[telemetry.RETRY_IGNORED] = event.ignored
        if around:
            fields[telemetry.CALL_DEPTH] = around
        self.write(level, telemetry.EVENT_RETRY_SCHEDULED, _with_ids(fields, state.span))

    def call_ended(self, state: _Call, event: CallEnded) -> None:
        name = _name_of_end(event.outcome)
        around = depth() if event.outcome.is_give_up and self._levels[name] is not None else 0
        level = self._level(name, around)
        if level is None:
            return
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
        if event.hint is not None:
            fields[telemetry.RETRY_HINT] = event.hint
        if around:
            fields[telemetry.CALL_DEPTH] = around
        _with_ids(fields, state.span or _current_span())
        if event.outcome.is_give_up:
            held = self._limit.pass_through(event.operation, level, fields)
            if held is None:
                return
            if held:
                fields[telemetry.SUPPRESSED] = held
        self.write(level, name, fields)

    def exporter_failed(self, fields: Mapping[str, str]) -> None:
        """Write that an exporter's code raised; whoever calls this sees to it that it is once in a while."""
        level = self._levels[telemetry.EVENT_EXPORTER_FAILED]
        if level is not None and self.wants(level):
            self.write(level, telemetry.EVENT_EXPORTER_FAILED, dict(fields))

    def close(self) -> None:
        """Write the last line that was held back of each kind, with the count of those before it: none is lost."""
        for level, fields, held in self._limit.drain():
            if held:
                fields[telemetry.SUPPRESSED] = held
            self.write(level, telemetry.EVENT_CALL_GAVE_UP, fields)

    def _level(self, event: str, around: int = 0) -> int | None:
        """The level of a line about to be made; None if nobody wants it.

        Of nested calls only the outermost is loud: it may yet succeed, and if not, it says so.
        """
        level = self._levels[event]
        if level is None:
            return None
        if around:
            level = min(level, logging.INFO)
        return level if self.wants(level) else None


def _current_span() -> SpanContext:
    return trace.get_current_span().get_span_context()


def _with_ids(fields: Fields, span: SpanContext) -> Fields:
    if span.is_valid:
        fields[telemetry.TRACE_ID] = trace.format_trace_id(span.trace_id)
        fields[telemetry.SPAN_ID] = trace.format_span_id(span.span_id)
    return fields


def _name_of_end(outcome: Outcome) -> str:
    if outcome is Outcome.SUCCESS:
        return telemetry.EVENT_CALL_RECOVERED
    if outcome is Outcome.CANCELLED:
        return telemetry.EVENT_CALL_CANCELLED
    return telemetry.EVENT_CALL_GAVE_UP if outcome.is_give_up else telemetry.EVENT_CALL_FAILED
