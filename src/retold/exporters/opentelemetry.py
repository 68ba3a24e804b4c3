"""Spans and metrics by OpenTelemetry, for whatever SDK the application installs."""

from __future__ import annotations

from opentelemetry import metrics as metrics_api
from opentelemetry import trace as trace_api
from opentelemetry.metrics import MeterProvider
from opentelemetry.metrics import _internal as metrics_internal
from opentelemetry.trace import TracerProvider

from retold import telemetry
from retold.events import AttemptEnded, AttemptStarted, CallEnded, CallStarted, RetryScheduled
from retold.exporter import Exporter
from retold.exporters._instruments import Instruments
from retold.exporters._spans import CallSpans


class OpenTelemetry(Exporter):
    """A span for every call and every attempt, and all metrics.

    The attempt's span is current while the function runs, so that what it calls nests under the attempt that
    called it; the call's span is current while the policy decides. Asleep until the application sets a provider.

    Args:
        metrics: Whether metrics are exported; unless given, they are while no other exporter reads them. Histograms
            are recorded when a reader collects, by which time up to 65,536 values have been kept. Of what came
            beyond, counts by bucket, least, greatest and sum are exact too; but in a view with other buckets these
            values stand where the mean of their bucket is.
        tracer_provider: Who makes the spans; the global provider unless given.
        meter_provider: Who takes the metrics; the global provider unless given.
    """

    name = "opentelemetry"
    live = True

    def __init__(
        self,
        *,
        metrics: bool | None = None,
        tracer_provider: TracerProvider | None = None,
        meter_provider: MeterProvider | None = None,
    ) -> None:
        # Asking once lets the API load the providers that the environment names.
        tracers = tracer_provider or trace_api.get_tracer_provider()
        meters = meter_provider or metrics_api.get_meter_provider()
        self._given = tracer_provider is not None or meter_provider is not None
        self._tracer = tracers.get_tracer(telemetry.SCOPE, schema_url=telemetry.SCHEMA_URL)
        self.wake_signs = () if self._given else _WAKE_SIGNS
        self.reads_journal = metrics is not False
        if self.reads_journal:
            Instruments.of(meters, always=metrics is True)

    def is_awake(self) -> bool:
        return self._given or _provider_is_set()

    def call_started(self, event: CallStarted) -> CallSpans:
        return CallSpans(self._tracer, event)

    def attempt_started(self, state: CallSpans, event: AttemptStarted) -> None:
        state.attempt_started(event)

    def attempt_ended(self, state: CallSpans, event: AttemptEnded) -> None:
        state.attempt_ended(event)

    def retry_scheduled(self, state: CallSpans, event: RetryScheduled) -> None:
        state.retry_scheduled(event)

    def call_ended(self, state: CallSpans, event: CallEnded) -> None:
        state.call_ended(event)


# Where the API keeps the providers that the application sets. The public getters read the environment each time
# while none is set, and this is asked at every call.
_WAKE_SIGNS = ((vars(trace_api), "_TRACER_PROVIDER"), (vars(metrics_internal), "_METER_PROVIDER"))


def _provider_is_set() -> bool:
    """Whether the application has set a provider of either kind.

    An API that no longer has these names counts as set: then spans are made, and lost if nobody wants them.
    """
    return any(namespace.get(key, namespace) is not None for namespace, key in _WAKE_SIGNS)
