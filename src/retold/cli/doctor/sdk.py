"""Looks at OpenTelemetry's SDK: providers, what they lead to, and whether that takes anything.

The SDK shows little of this, so attributes of its own are read; where one is missing, nothing is said of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any

from opentelemetry import metrics, trace

from retold.cli.doctor.delivery import deliver
from retold.cli.doctor.findings import EACH_WORKER, Finding, note, ok, problem
from retold.exporters._doubles import readers_of
from retold.exporters._instruments import Instruments

MODULE = "retold.exporters.opentelemetry"

_SDK = "opentelemetry.sdk."


def examine(exporter: Any, timeout: float, *, application: bool) -> Iterator[Finding]:
    """What becomes of the spans and metrics of one exporter."""
    if not _is_installed():
        yield problem(
            "opentelemetry",
            "no SDK is installed, so no span and no metric of OpenTelemetry's leaves any process",
            "pip install 'retold[otlp]', and set a provider in your application",
        )
        return
    if not application:
        yield note("opentelemetry", "an SDK is installed; no application was looked at", "name yours with --import")
        return
    if not exporter.is_awake():
        yield problem(
            "opentelemetry",
            "is asleep: the application has set no provider",
            "opentelemetry.trace.set_tracer_provider(...), or start it under opentelemetry-instrument;"
            " if it does so in a function, name that with --import MODULE:FUNCTION",
        )
        return
    yield from _traces(exporter.tracer_provider or trace.get_tracer_provider(), timeout)
    if exporter.reads_journal:
        yield from _metrics(exporter.meter_provider or metrics.get_meter_provider(), timeout)


def _is_installed() -> bool:
    try:
        import_module("opentelemetry.sdk.trace")
    except ImportError:
        return False
    return True


def _traces(provider: Any, timeout: float) -> Iterator[Finding]:
    if not type(provider).__module__.startswith(_SDK):
        yield _foreign("traces", provider, "opentelemetry.trace.set_tracer_provider(...)")
        return
    if getattr(provider, "_disabled", False):
        yield problem("traces", "the SDK was disabled by OTEL_SDK_DISABLED", "unset it")
        return
    if _is_off(getattr(provider, "sampler", None)):
        yield problem("traces", "the sampler drops every span that has no sampled parent", "use ALWAYS_ON")
    processors = _processors(provider._active_span_processor)
    if not processors:
        yield problem(
            "traces",
            "the tracer provider has no span processor, so spans are made and lost",
            "provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))",
        )
    for processor in processors:
        yield from _processor(processor, timeout)


def _metrics(provider: Any, timeout: float) -> Iterator[Finding]:
    if not type(provider).__module__.startswith(_SDK):
        yield _foreign("metrics", provider, "opentelemetry.metrics.set_meter_provider(...)")
        return
    if provider not in Instruments.telling():
        yield ok("metrics", "another exporter carries them; OpenTelemetry(metrics=True) would as well")
        return
    readers = readers_of(provider)
    if not readers:
        yield problem(
            "metrics",
            "the meter provider has no reader, so nobody collects",
            "MeterProvider([PeriodicExportingMetricReader(OTLPMetricExporter())])",
        )
    for reader in readers:
        yield from _reader(reader, timeout)


def _foreign(signal: str, provider: object, remedy: str) -> Finding:
    kind = type(provider)
    if kind.__module__.startswith("opentelemetry."):
        return note(signal, "no provider is set for them", remedy)
    return note(signal, f"go to {kind.__module__}.{kind.__qualname__}, which is not known here")


def _is_off(sampler: object) -> bool:
    """Whether it drops every span without a sampled parent."""
    describe = getattr(getattr(sampler, "_root", sampler), "get_description", None)
    return describe is not None and describe() == "AlwaysOffSampler"


def _processors(processor: object) -> list[object]:
    """The processors in one that leads to others, else itself."""
    several = getattr(processor, "_span_processors", None)
    return [processor] if several is None else [inner for each in several for inner in _processors(each)]


def _processor(processor: Any, timeout: float) -> Iterator[Finding]:
    name = type(processor).__name__
    batch = getattr(processor, "_batch_processor", processor)
    if getattr(batch, "_shutdown", False):
        yield problem("traces", f"{name} has been shut down and drops every span", "shut it down when the process ends")
    elif _is_dead(getattr(batch, "_worker_thread", None)):
        yield problem("traces", f"the thread of {name} does not run in this process", EACH_WORKER)
    else:
        exporter = getattr(processor, "span_exporter", None)
        yield ok("traces", f"go through {name}") if exporter is None else deliver("traces", exporter, [], timeout)


def _reader(reader: Any, timeout: float) -> Iterator[Finding]:
    name = type(reader).__name__
    if getattr(reader, "_shutdown", False):
        yield problem("metrics", f"{name} has been shut down", "shut it down when the process ends")
    elif _is_dead(getattr(reader, "_daemon_thread", None)):
        yield problem("metrics", f"the thread of {name} does not run in this process", EACH_WORKER)
    else:
        exporter = getattr(reader, "_exporter", None)
        if exporter is None:
            yield ok("metrics", f"are read by {name}")
        else:
            from opentelemetry.sdk.metrics.export import MetricsData  # there, since its readers are

            yield deliver("metrics", exporter, MetricsData(resource_metrics=[]), timeout)


def _is_dead(thread: Any) -> bool:
    return thread is not None and not thread.is_alive()
