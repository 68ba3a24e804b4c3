"""The spans of one call: one for the call, and one for each attempt below it.

The span of an attempt that failed stays open until it is known what follows, for that belongs on it, and is then ended
with the time at which the attempt was over. Contexts are attached by `attempt_started` and detached before the call
sleeps or ends, never across a wait. What is not recorded is attached all the same, so that what runs below follows
the decision.
"""

from __future__ import annotations

from contextvars import Token
from typing import TypeAlias

from opentelemetry.context import Context, attach
from opentelemetry.trace import Span, StatusCode, TraceFlags, set_span_in_context

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
from retold.exporters._tracing import Tracing
from retold.journal import JOURNAL, Exemplar
from retold.telemetry import Metric

_Attributes: TypeAlias = dict[str, str | int | float]
_Attached: TypeAlias = tuple[Context, Token[Context]]

_SUCCESS = AttemptOutcome.SUCCESS
_SUCCEEDED = Outcome.SUCCESS
_NO_ERROR = (Outcome.SUCCESS, Outcome.CANCELLED)
_SUCCEEDED_AT_ONCE: _Attributes = {
    telemetry.OUTCOME: "success",
    telemetry.RETRIED: False,
    telemetry.ATTEMPT_COUNT: 1,
    telemetry.DELAY_TOTAL: 0.0,
    telemetry.FALLBACK: False,
}


class CallSpans:
    """The spans of one call that are open, and the contexts that are attached."""

    __slots__ = (
        "_attempt",
        "_attempt_context",
        "_attempt_ended",
        "_call",
        "_call_context",
        "_dropped",
        "_failure",
        "_of_attempt",
        "_splits",
        "_tracing",
    )

    def __init__(self, tracing: Tracing, event: CallStarted, depth: int) -> None:
        attributes: _Attributes = {telemetry.OPERATION: event.operation}
        if event.function is not None:
            attributes[telemetry.FUNCTION] = event.function
        if event.max_attempts is not None:
            attributes[telemetry.POLICY_MAX_ATTEMPTS] = event.max_attempts
        if event.timeout is not None:
            attributes[telemetry.POLICY_TIMEOUT] = event.timeout
        if depth:
            attributes[telemetry.CALL_DEPTH] = depth
        self._tracing = tracing
        self._call = tracing.tracer.start_span(event.operation, attributes=attributes, start_time=event.time)
        # Below a call that is not recorded, a sampler that follows the parent drops the attempts as well.
        self._splits = tracing.style.attempts and not (tracing.follows_parent and not self._call.is_recording())
        self._attempt: Span | None = None
        self._attempt_ended = 0
        self._of_attempt: _Attributes = {}
        self._failure: tuple[str | None, dict[str, str]] | None = None
        self._call_context: _Attached | None = None
        self._attempt_context: _Attached | None = None
        self._dropped = 0

    def attempt_started(self, event: AttemptStarted) -> None:
        context = set_span_in_context(self._call)
        self._call_context = context, attach(context)
        if not self._splits:
            return
        if event.number > telemetry.MAX_ATTEMPT_SPANS:
            self._dropped += 1
            return
        self._attempt = self._tracing.tracer.start_span(
            f"attempt {event.operation}",
            context,
            attributes={telemetry.OPERATION: event.operation, telemetry.ATTEMPT_NUMBER: event.number},
            start_time=event.time,
        )
        context = set_span_in_context(self._attempt, context)
        self._attempt_context = context, attach(context)

    def attempt_ended(self, event: AttemptEnded) -> None:
        self._attempt_ended = event.time
        self._attempt_context = _left(self._attempt_context)
        span = self._attempt
        outcome = str(event.outcome)
        if "prometheus" in JOURNAL.readers:
            _show(telemetry.ATTEMPT_DURATION, outcome, event, span or self._call)
        if event.outcome is not _SUCCESS:
            self._failed(event, outcome, span)
        elif span is not None:
            self._attempt = None
            span.set_attribute(telemetry.ATTEMPT_OUTCOME, outcome)
            span.end(event.time)

    def retry_scheduled(self, event: RetryScheduled) -> None:
        self._detach()  # first: whatever a span processor does, no context is left behind
        if self._attempt is not None:
            self._of_attempt[telemetry.RETRY_DELAY] = event.delay
            self._of_attempt[telemetry.RETRY_DELAY_SOURCE] = str(event.source)
            if event.hint is not None:
                self._of_attempt[telemetry.RETRY_HINT] = event.hint
            if event.ignored is not None:
                self._of_attempt[telemetry.RETRY_IGNORED] = event.ignored
            self._end_attempt(self._attempt)

    def call_ended(self, event: CallEnded) -> None:
        self._detach()
        if self._attempt is not None:
            self._end_attempt(self._attempt)
        span = self._call
        if event.outcome is _SUCCEEDED and event.attempts == 1:
            span.set_attributes(_SUCCEEDED_AT_ONCE)
        elif span.is_recording():
            self._conclude(event, span)
        if "prometheus" in JOURNAL.readers:
            _show(telemetry.CALL_DURATION, str(event.outcome), event, span)
        span.end(event.time)

    def _failed(self, event: AttemptEnded, outcome: str, span: Span | None) -> None:
        style = self._tracing.style
        self._failure = None
        if span is not None:
            self._of_attempt = {telemetry.ATTEMPT_OUTCOME: outcome}
            if event.error_type is not None:
                self._of_attempt[telemetry.ERROR_TYPE] = event.error_type
            if event.outcome is AttemptOutcome.ERROR:
                span.set_status(style.failed)
        if style.show is not None and event.error is not None and (span or self._call).is_recording():
            # Last: what the user shows may raise, and then everything else has been said.
            details = style.show(event.error)
            self._failure = event.error_type, details
            if span is not None:
                self._of_attempt.update(details)

    def _conclude(self, event: CallEnded, span: Span) -> None:
        attributes: _Attributes = {
            telemetry.OUTCOME: str(event.outcome),
            telemetry.RETRIED: event.retried,
            telemetry.ATTEMPT_COUNT: event.attempts,
            telemetry.DELAY_TOTAL: event.delay_total,
            telemetry.FALLBACK: event.fallback,
        }
        if event.error_type is not None:
            attributes[telemetry.ERROR_TYPE] = event.error_type
            if self._failure is not None and self._failure[0] == event.error_type:
                attributes.update(self._failure[1])
        if event.hint is not None:
            attributes[telemetry.RETRY_HINT] = event.hint
        if self._dropped:
            attributes[telemetry.ATTEMPT_SPANS_DROPPED] = self._dropped
        span.set_attributes(attributes)
        if event.outcome not in _NO_ERROR:
            span.set_status(StatusCode.ERROR)

    def _end_attempt(self, span: Span) -> None:
        self._attempt = None
        span.set_attributes(self._of_attempt)
        span.end(self._attempt_ended)

    def _detach(self) -> None:
        if self._attempt_context is not None:
            self._attempt_context = _left(self._attempt_context)
        self._call_context = _left(self._call_context)


def _left(attached: _Attached | None) -> _Attached | None:
    """Detach a context if it is current; what is not, and so is still to be detached.

    A block may be left in another context. And what another exporter attached above is gone only when that one
    has been told of the wait or the end.
    """
    if attached is None:
        return None
    context, token = attached
    if token.var.get(None) is not context:
        return attached
    try:
        token.var.reset(token)
    except ValueError:  # this is a copy of the context in which it was attached; `detach` would log an error
        return attached
    return None


def _show(metric: Metric, outcome: str, event: AttemptEnded | CallEnded, span: Span) -> None:
    """Offer a sampled span as an exemplar."""
    context = span.get_span_context()
    if context.trace_flags & TraceFlags.SAMPLED:
        exemplar = Exemplar(event.duration, context.trace_id, context.span_id, event.time / 1e9)
        JOURNAL.show(event.operation, metric, outcome, exemplar)
