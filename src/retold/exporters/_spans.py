"""The spans of one call: one for the call, and one for each attempt below it.

An attempt's span stays open until it is known what follows, for that belongs on it, and is then ended with the
time at which the attempt was over. Contexts are attached by `attempt_started` and detached before the call
sleeps or ends, never across a wait.
"""

from __future__ import annotations

from contextvars import Token

from opentelemetry import context as context_api
from opentelemetry import trace as trace_api
from opentelemetry.context import Context
from opentelemetry.trace import Span, StatusCode, Tracer

from retold import telemetry
from retold.events import (
    AttemptEnded,
    AttemptOutcome,
    AttemptStarted,
    CallEnded,
    CallStarted,
    Outcome,
    RetryScheduled,
)
from retold.journal import JOURNAL, Exemplar
from retold.telemetry import Metric

_NO_ERROR = (Outcome.SUCCESS, Outcome.CANCELLED)


class CallSpans:
    """The spans of one call that are open, and the contexts that are attached."""

    __slots__ = ("_attached", "_attempt", "_attempt_ended", "_call", "_dropped", "_operation", "_tracer")

    def __init__(self, tracer: Tracer, event: CallStarted) -> None:
        attributes: dict[str, str | int | float] = {telemetry.OPERATION: event.operation}
        if event.function is not None:
            attributes[telemetry.FUNCTION] = event.function
        if event.max_attempts is not None:
            attributes[telemetry.POLICY_MAX_ATTEMPTS] = event.max_attempts
        if event.timeout is not None:
            attributes[telemetry.POLICY_TIMEOUT] = event.timeout
        self._tracer = tracer
        self._operation = event.operation
        self._call = tracer.start_span(event.operation, attributes=attributes, start_time=event.time)
        self._attempt: Span | None = None
        self._attempt_ended = 0
        self._attached: list[tuple[Context, Token[Context]]] = []
        self._dropped = 0

    def attempt_started(self, event: AttemptStarted) -> None:
        context = trace_api.set_span_in_context(self._call)
        self._attached.clear()
        self._attach(context)
        if event.number > telemetry.MAX_ATTEMPT_SPANS:
            self._dropped += 1
            return
        self._attempt = self._tracer.start_span(
            f"attempt {event.operation}",
            context,
            attributes={telemetry.OPERATION: event.operation, telemetry.ATTEMPT_NUMBER: event.number},
            start_time=event.time,
        )
        self._attach(trace_api.set_span_in_context(self._attempt, context))

    def attempt_ended(self, event: AttemptEnded) -> None:
        self._attempt_ended = event.time
        span = self._attempt
        if span is None:
            return
        self._detach(down_to=1)
        span.set_attribute(telemetry.ATTEMPT_OUTCOME, event.outcome.value)
        if event.error_type is not None:
            span.set_attribute(telemetry.ERROR_TYPE, event.error_type)
        if event.outcome is AttemptOutcome.ERROR:
            span.set_status(StatusCode.ERROR)
        _show(telemetry.ATTEMPT_DURATION, self._operation, event.outcome, event.duration, span, event.time)

    def retry_scheduled(self, event: RetryScheduled) -> None:
        if self._attempt is not None:
            self._attempt.set_attribute(telemetry.RETRY_DELAY, event.delay)
            self._attempt.set_attribute(telemetry.RETRY_DELAY_SOURCE, event.source.value)
        self._end_attempt()
        self._detach()

    def call_ended(self, event: CallEnded) -> None:
        self._end_attempt()
        self._detach()
        span = self._call
        span.set_attributes(
            {
                telemetry.OUTCOME: event.outcome.value,
                telemetry.RETRIED: event.retried,
                telemetry.ATTEMPT_COUNT: event.attempts,
                telemetry.DELAY_TOTAL: event.delay_total,
                telemetry.FALLBACK: event.fallback,
            }
        )
        if event.error_type is not None:
            span.set_attribute(telemetry.ERROR_TYPE, event.error_type)
        if self._dropped:
            span.set_attribute(telemetry.ATTEMPT_SPANS_DROPPED, self._dropped)
        if event.outcome not in _NO_ERROR:
            span.set_status(StatusCode.ERROR)
        _show(telemetry.CALL_DURATION, self._operation, event.outcome, event.duration, span, event.time)
        span.end(event.time)

    def _end_attempt(self) -> None:
        if self._attempt is not None:
            self._attempt.end(self._attempt_ended)
            self._attempt = None

    def _attach(self, context: Context) -> None:
        self._attached.append((context, context_api.attach(context)))

    def _detach(self, *, down_to: int = 0) -> None:
        """Detach what was attached, last first, as far as it is current.

        A block may be left in another context. And what another exporter attached above is gone only when that one
        has been told of the wait or the end.
        """
        while len(self._attached) > down_to and context_api.get_current() is self._attached[-1][0]:
            context_api.detach(self._attached.pop()[1])


def _show(metric: Metric, operation: str, outcome: str, duration: float, span: Span, time: int) -> None:
    """Offer a sampled span as an exemplar, to those who show any."""
    context = span.get_span_context()
    if context.trace_flags.sampled and "prometheus" in JOURNAL.readers:
        trace_id, span_id = (
            trace_api.format_trace_id(context.trace_id),
            trace_api.format_span_id(context.span_id),
        )
        JOURNAL.show(operation, metric, outcome, Exemplar(duration, trace_id, span_id, time / 1e9))
