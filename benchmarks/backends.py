"""Real backends, set up as the rows need them."""

from __future__ import annotations

from typing import Any

from opentelemetry.context import attach
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, set_span_in_context
from prometheus_client import CollectorRegistry

import retold
from benchmarks.contest import Skip
from retold.exporters.opentelemetry import OpenTelemetry
from retold.exporters.prometheus import Prometheus


def prometheus() -> CollectorRegistry:
    """Turn Retold's Prometheus metrics on, alone, and return their registry."""
    registry = CollectorRegistry()
    retold.configure(exporters=[Prometheus(registry)])
    return registry


def meters() -> tuple[MeterProvider, InMemoryMetricReader]:
    """The real SDK for metrics."""
    reader = InMemoryMetricReader()
    return MeterProvider(metric_readers=[reader], shutdown_on_exit=False), reader


def tracers() -> TracerProvider:
    """The real SDK for traces: everything is recorded, and dropped when it ends."""
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SpanProcessor())
    return provider


def spans(provider: TracerProvider, **options: Any) -> OpenTelemetry:
    """Retold's exporter of spans.

    Raises:
        Skip: It has no such option.
    """
    try:
        return OpenTelemetry(tracer_provider=provider, metrics=False, **options)
    except TypeError as error:
        raise Skip(f"this version of Retold has no such option: {error}") from error


def enter_unsampled_parent() -> None:
    """Make a span current that is not sampled, for the rest of the process."""
    context = SpanContext(trace_id=1, span_id=1, is_remote=True, trace_flags=TraceFlags(TraceFlags.DEFAULT))
    attach(set_span_in_context(NonRecordingSpan(context)))
