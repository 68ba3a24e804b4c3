"""Spans and metrics by OpenTelemetry, for whatever SDK the application installs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, TypeAlias, get_args

from opentelemetry import metrics as metrics_api
from opentelemetry import trace as trace_api
from opentelemetry.metrics import MeterProvider
from opentelemetry.metrics import _internal as metrics_internal
from opentelemetry.trace import NoOpTracer, StatusCode, TraceFlags, TracerProvider, get_current_span

from retold import telemetry
from retold.errors import SettingsError
from retold.events import AttemptEnded, AttemptStarted, CallEnded, CallStarted, RetryScheduled
from retold.exporter import Exporter
from retold.exporters._details import ExceptionDetails, Redaction, details
from retold.exporters._instruments import Instruments
from retold.exporters._spans import CallSpans
from retold.exporters._tracing import Style, Tracing
from retold.nesting import depth, depth_told

AttemptSpans: TypeAlias = Literal["always", "on_retry", "off"]
AttemptErrors: TypeAlias = Literal["status", "attribute"]


class OpenTelemetry(Exporter):
    """A span for every call and every attempt, and all metrics.

    The attempt's span is current while the function runs, so that what it calls nests under the attempt that
    called it; the call's span is current while the policy decides. Asleep until the application sets a provider.
    Calls below a parent that is not sampled make no spans if the sampler follows the parent.

    Args:
        attempt_spans: `always`: a span for every call, and below it one for each attempt, at most 32 a call.
            `on_retry`: the same, but nothing for a call that succeeds at once. The spans are made when the first
            attempt fails, with its earlier times; so what that attempt called hangs below the caller's span.
            `off`: the call's span alone, current while the function runs.
        attempt_errors: `status`: an attempt that failed has the status ERROR. `attribute`: it has none, and
            `error.type` tells, for tail samplers that keep every trace with an error in it.
        exception_details: What spans tell of an exception. `type`: its `error.type`. `redacted`: its message too, as
            `redact` returns it. `full`: its message and stack trace, which may hold secrets.
        redact: What may be shown of a message. If it raises, nothing is shown and a failure of this exporter counted.
        metrics: Whether metrics are exported; unless given, they are while no other exporter reads them. Histograms
            are recorded when a reader collects, by which time up to 65,536 values have been kept. Of what came
            beyond, counts by bucket, least, greatest and sum are exact too; but in a view with other buckets these
            values stand where the mean of their bucket is.
        tracer_provider: Who makes the spans; the global provider unless given.
        meter_provider: Who takes the metrics; the global provider unless given.

    Raises:
        SettingsError: An option has none of these values, or `redact` does not go with `exception_details`.

    Attributes:
        tracer_provider, meter_provider: Those that were given.
    """

    name = "opentelemetry"
    makes_current = True

    def __init__(
        self,
        *,
        attempt_spans: AttemptSpans = "always",
        attempt_errors: AttemptErrors = "status",
        exception_details: ExceptionDetails = "type",
        redact: Redaction | None = None,
        metrics: bool | None = None,
        tracer_provider: TracerProvider | None = None,
        meter_provider: MeterProvider | None = None,
    ) -> None:
        _check("attempt_spans", attempt_spans, AttemptSpans)
        _check("attempt_errors", attempt_errors, AttemptErrors)
        _check("exception_details", exception_details, ExceptionDetails)
        self._style = Style(
            attempts=attempt_spans != "off",
            failed=StatusCode.ERROR if attempt_errors == "status" else StatusCode.UNSET,
            show=details(exception_details, redact),
        )
        self.live = attempt_spans != "on_retry"
        self.hears_success = self.live
        self.tracer_provider, self.meter_provider = tracer_provider, meter_provider
        self._given = tracer_provider is not None or meter_provider is not None
        self._tracers = tracer_provider
        self._tracing: Tracing | None = None
        # Asking once lets the API load the providers that the environment names.
        trace_api.get_tracer_provider()
        meters = meter_provider or metrics_api.get_meter_provider()
        self.wake_signs = () if self._given else _WAKE_SIGNS
        self.reads_journal = metrics is not False
        if self.reads_journal:
            Instruments.of(meters, self, always=metrics is True)

    def is_awake(self) -> bool:
        return self._given or any(map(_is_set, _WAKE_SIGNS))

    def wants_call(self) -> bool:
        tracing = self._tracing
        if tracing is None:
            if self._tracers is None and not _is_set(_TRACER_SIGN):
                return False
            tracing = self._find_tracer()
        if not tracing.follows_parent:
            return not tracing.idle
        parent = get_current_span().get_span_context()
        return parent.trace_flags & _SAMPLED != 0 or not parent.is_valid

    def call_started(self, event: CallStarted) -> CallSpans:
        # Before anything fails, the stack is not looked at.
        around = depth_told() if self.live else max(depth(), depth_told())
        return CallSpans(self._tracing or self._find_tracer(), event, around)

    def attempt_started(self, state: CallSpans, event: AttemptStarted) -> None:
        state.attempt_started(event)

    def attempt_ended(self, state: CallSpans, event: AttemptEnded) -> None:
        state.attempt_ended(event)

    def retry_scheduled(self, state: CallSpans, event: RetryScheduled) -> None:
        state.retry_scheduled(event)

    def call_ended(self, state: CallSpans, event: CallEnded) -> None:
        state.call_ended(event)

    def _find_tracer(self) -> Tracing:
        """The tracer, for good once there is a provider; before, one that does nothing."""
        tracers = self._tracers
        if tracers is None:
            if not _is_set(_TRACER_SIGN):
                return Tracing(NoOpTracer(), self._style)
            tracers = trace_api.get_tracer_provider()
        tracer = tracers.get_tracer(telemetry.SCOPE, schema_url=telemetry.SCHEMA_URL)
        self._tracing = Tracing(tracer, self._style)
        return self._tracing


_SAMPLED: Final = TraceFlags.SAMPLED

_Sign: TypeAlias = tuple[Mapping[str, object], str]

# Where the API keeps the providers that the application sets. The public getters read the environment each time
# while none is set, and this is asked at every call.
_TRACER_SIGN: _Sign = (vars(trace_api), "_TRACER_PROVIDER")
_WAKE_SIGNS: tuple[_Sign, ...] = (_TRACER_SIGN, (vars(metrics_internal), "_METER_PROVIDER"))


def _is_set(sign: _Sign) -> bool:
    """Whether the application has set this provider.

    An API that no longer has the name counts as set: then spans are made, and lost if nobody wants them.
    """
    namespace, key = sign
    return namespace.get(key, namespace) is not None


def _check(option: str, value: object, allowed: object) -> None:
    words = get_args(allowed)
    if value not in words:
        *others, last = (f"{option}={word!r}" for word in words)
        raise SettingsError(f"{option} must not be {value!r}: write {', '.join(others)} or {last}")
