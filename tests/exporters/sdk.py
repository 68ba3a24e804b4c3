"""A real OpenTelemetry SDK that keeps what it is given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from opentelemetry.context import Context
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader, Metric, MetricsData
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_ON, Sampler, SamplingResult
from opentelemetry.trace import Link, SpanKind, TraceState
from opentelemetry.util.types import Attributes, AttributeValue

from retold.exporters.opentelemetry import OpenTelemetry

Key = tuple[tuple[str, AttributeValue], ...]


class Reader(InMemoryMetricReader):
    """Collects for as long as that takes, where the SDK's own gives up after ten seconds."""

    def get_metrics_data(self) -> MetricsData | None:
        self._received: MetricsData | None = None
        self.collect(timeout_millis=600_000)
        return self._received

    def _receive_metrics(self, metrics_data: MetricsData, timeout_millis: float = 10_000, **_: Any) -> None:
        self._received = metrics_data


class Watching(Sampler):
    """Does what another does, everything unless given, and keeps what a span is known by when it starts."""

    def __init__(self, other: Sampler = ALWAYS_ON) -> None:
        self._other = other
        self.started: list[tuple[str, Mapping[str, AttributeValue]]] = []

    def should_sample(
        self,
        parent_context: Context | None,
        trace_id: int,
        name: str,
        kind: SpanKind | None = None,
        attributes: Attributes = None,
        links: Sequence[Link] | None = None,
        trace_state: TraceState | None = None,
    ) -> SamplingResult:
        self.started.append((name, dict(attributes or {})))
        return self._other.should_sample(parent_context, trace_id, name, kind, attributes, links, trace_state)

    def get_description(self) -> str:
        return self._other.get_description()

    @property
    def asked(self) -> list[str]:
        """The names of all spans about which it was asked."""
        return [name for name, _ in self.started]


class Sdk:
    """A tracer provider and a meter provider, and what has arrived at their ends."""

    def __init__(self, sampler: Sampler | None = None) -> None:
        self.sampler = Watching()
        self.finished = InMemorySpanExporter()
        self.tracers = TracerProvider(sampler=sampler or self.sampler, shutdown_on_exit=False)
        self.tracers.add_span_processor(SimpleSpanProcessor(self.finished))
        self.reader = Reader()
        self.meters = MeterProvider([self.reader], shutdown_on_exit=False)
        self.tracer = self.tracers.get_tracer("shop")

    def exporter(self, **options: Any) -> OpenTelemetry:
        return OpenTelemetry(tracer_provider=self.tracers, meter_provider=self.meters, **options)

    @property
    def spans(self) -> list[ReadableSpan]:
        """The spans that have ended, in the order of their starts."""
        return sorted(self.finished.get_finished_spans(), key=lambda span: span.start_time or 0)

    def span(self, name: str) -> ReadableSpan:
        """The one span of that name."""
        [span] = [span for span in self.spans if span.name == name]
        return span

    def attempts(self) -> list[ReadableSpan]:
        return sorted(
            (span for span in self.spans if span.name.startswith("attempt ")),
            key=lambda span: attributes(span)["retold.attempt.number"],
        )

    def calls(self) -> list[ReadableSpan]:
        return [span for span in self.spans if "retold.outcome" in attributes(span)]

    def close(self) -> None:
        self.tracers.shutdown()
        self.meters.shutdown()


def attributes(span: ReadableSpan) -> dict[str, Any]:
    """The attributes of a span."""
    return dict(span.attributes or {})


def span_id(span: ReadableSpan) -> int:
    context = span.context
    assert context is not None
    number: int = context.span_id
    return number


def parent_id(span: ReadableSpan) -> int | None:
    return None if span.parent is None else span.parent.span_id


def metrics_of(reader: InMemoryMetricReader) -> dict[str, Metric]:
    """What one collection gives, by name."""
    data = reader.get_metrics_data()
    if data is None:
        return {}
    return {
        metric.name: metric
        for resource in data.resource_metrics
        for scope in resource.scope_metrics
        for metric in scope.metrics
    }


def points_of(metric: Metric) -> dict[Key, Any]:
    """The data points of a metric, by their sorted attributes."""
    return {tuple(sorted((point.attributes or {}).items())): point for point in metric.data.data_points}
