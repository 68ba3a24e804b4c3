"""The exporter and the SDK: who wakes it, what instrumentations nest under it, what arrives over OTLP."""

import asyncio
from collections.abc import Callable, Iterator

import httpx
import pytest
from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter as GrpcMetricExporter
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcSpanExporter
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter as HttpMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpSpanExporter
from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import MetricExporter, PeriodicExportingMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF
from opentelemetry.trace import SpanKind

import retold
from retold import telemetry
from retold.exporters.opentelemetry import OpenTelemetry
from retold.testing import ManualClock
from tests.exporters.sdk import Sdk, attributes, parent_id, span_id
from tests.services.http import Answer, answering
from tests.services.otlp import OtlpSink
from tests.subprocesses import run


@pytest.fixture
def upstream() -> Iterator[str]:
    """The address of a server that fails twice."""
    left = iter([503, 503, 200])
    with answering(lambda path: Answer(next(left))) as url:
        yield url


async def test_the_spans_of_instrumented_httpx_nest_under_the_attempts(
    sdk: Sdk, upstream: str, clock: ManualClock
) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        HTTPXClientInstrumentor.instrument_client(client, tracer_provider=sdk.tracers)

        @retold.retry(on=httpx.HTTPStatusError, backoff=1, clock=clock)
        async def fetch() -> int:
            return (await client.get(upstream)).raise_for_status().status_code

        assert await fetch() == 200

    requests = [span for span in sdk.spans if span.kind is SpanKind.CLIENT]
    assert [parent_id(span) for span in requests] == [span_id(span) for span in sdk.attempts()]
    assert [attributes(span)["http.status_code"] for span in requests] == [503, 503, 200]


def test_the_spans_of_a_synchronous_client_nest_too(sdk: Sdk, upstream: str, clock: ManualClock) -> None:
    with httpx.Client(trust_env=False) as client:
        HTTPXClientInstrumentor.instrument_client(client, tracer_provider=sdk.tracers)

        for attempt in retold.Policy(on=httpx.HTTPStatusError, backoff=1, clock=clock):
            with attempt:
                client.get(upstream).raise_for_status()

    requests = [span for span in sdk.spans if span.kind is SpanKind.CLIENT]
    assert [parent_id(span) for span in requests] == [span_id(span) for span in sdk.attempts()]
    assert len(requests) == 3


SPAN_EXPORTERS: dict[str, Callable[[OtlpSink], SpanExporter]] = {
    "grpc": lambda sink: GrpcSpanExporter(endpoint=sink.grpc_endpoint, insecure=True),
    "http": lambda sink: HttpSpanExporter(endpoint=f"{sink.http_endpoint}/v1/traces"),
}
METRIC_EXPORTERS: dict[str, Callable[[OtlpSink], MetricExporter]] = {
    "grpc": lambda sink: GrpcMetricExporter(endpoint=sink.grpc_endpoint, insecure=True),
    "http": lambda sink: HttpMetricExporter(endpoint=f"{sink.http_endpoint}/v1/metrics"),
}


@pytest.mark.parametrize("protocol", ["grpc", "http"])
def test_the_spans_of_an_async_call_that_fails_twice_arrive_over_otlp(
    otlp_sink: OtlpSink, clock: ManualClock, protocol: str
) -> None:
    tracers = TracerProvider(shutdown_on_exit=False)
    tracers.add_span_processor(SimpleSpanProcessor(SPAN_EXPORTERS[protocol](otlp_sink)))
    client = tracers.get_tracer("client")
    answers = iter([OSError("card 4111"), OSError("card 4111"), None])

    @retold.retry(on=OSError, backoff=1, clock=clock, operation="shop.fetch")
    async def fetch() -> str:
        with client.start_as_current_span("GET", kind=SpanKind.CLIENT, record_exception=False):
            if error := next(answers):
                raise error from None
        return "page"

    with retold.configure(exporters=[OpenTelemetry(tracer_provider=tracers, metrics=False)]):
        assert asyncio.run(fetch()) == "page"
    spans = otlp_sink.wait_for(7)
    tracers.shutdown()

    [call] = [span for span in spans if span.name == "shop.fetch"]
    attempts = [span for span in spans if span.name == "attempt shop.fetch"]
    requests = [span for span in spans if span.name == "GET"]
    assert (call.kind, call.status, call.parent_id, call.scope) == ("INTERNAL", "UNSET", None, "retold")
    assert call.scope_schema_url == telemetry.SCHEMA_URL
    assert {span.parent_id for span in attempts} == {call.span_id}
    assert [(span.attributes["retold.attempt.number"], span.status) for span in attempts] == [
        (1, "ERROR"),
        (2, "ERROR"),
        (3, "UNSET"),
    ]
    assert [span.parent_id for span in requests] == [span.span_id for span in attempts]
    assert {(span.events, span.status_message) for span in (call, *attempts)} == {(0, "")}


@pytest.mark.parametrize("protocol", ["grpc", "http"])
def test_the_metrics_arrive_over_otlp(otlp_sink: OtlpSink, clock: ManualClock, protocol: str) -> None:
    reader = PeriodicExportingMetricReader(METRIC_EXPORTERS[protocol](otlp_sink), export_interval_millis=float("inf"))
    meters = MeterProvider([reader], shutdown_on_exit=False)

    with retold.configure(exporters=[OpenTelemetry(meter_provider=meters)]):
        budget = retold.Budget("shop")
        with pytest.raises(OSError, match="4111"):
            retold.Policy(on=OSError, backoff=1, clock=clock, operation="shop.fetch", budget=budget).call(_fail)
        meters.force_flush()
    meters.shutdown()

    assert otlp_sink.metric_names() == {metric.name for metric in telemetry.METRICS}
    assert b"4111" not in otlp_sink.requests_raw()


def _fail() -> None:
    raise OSError("card 4111")


def test_an_unsampled_call_runs_and_tells_nothing(clock: ManualClock) -> None:
    tracers = TracerProvider(sampler=ALWAYS_OFF, shutdown_on_exit=False)

    with retold.configure(exporters=[OpenTelemetry(tracer_provider=tracers, metrics=False)]):
        assert retold.Policy(on=OSError, clock=clock).call(lambda: "page") == "page"


PROGRAM = """
    from opentelemetry import metrics, trace
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import InMemoryMetricReader
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
    import retold

    def decorate():
        @retold.retry(on=OSError, operation="shop.fetch")
        def fetch():
            return "page"
        return fetch

    kept, reader = InMemorySpanExporter(), InMemoryMetricReader()

    def set_sdk():
        tracers = TracerProvider()
        tracers.add_span_processor(SimpleSpanProcessor(kept))
        trace.set_tracer_provider(tracers)
        metrics.set_meter_provider(MeterProvider([reader]))

    def points():
        for resource in getattr(reader.get_metrics_data(), "resource_metrics", ()):
            for scope in resource.scope_metrics:
                for metric in scope.metrics:
                    for point in metric.data.data_points:
                        yield metric.name, dict(point.attributes), point

    def report():
        print([(span.name, span.instrumentation_scope.schema_url) for span in kept.get_finished_spans()])
        told = [(name, point.count if name == "retold.call.duration" else point.value)
                for name, labels, point in points()
                if name in ("retold.calls", "retold.call.duration") and labels["retold.outcome"] == "success"
                and not labels.get("retold.retried")]
        print(sorted(told))
"""
SPANS = str([(name, telemetry.SCHEMA_URL) for name in ("attempt shop.fetch", "shop.fetch")])


@pytest.mark.parametrize(
    "steps",
    ["fetch = decorate(); fetch(); set_sdk(); fetch()", "set_sdk(); fetch = decorate(); fetch()"],
    ids=["decorated first", "set first"],
)
def test_calls_are_told_from_the_moment_a_provider_is_set(steps: str) -> None:
    done = run(PROGRAM + f"    {steps}\n    report()")

    assert done.lines == [SPANS, "[('retold.call.duration', 1), ('retold.calls', 1)]"]
    assert done.err == ""


def test_a_disabled_sdk_is_told_nothing_and_calls_go_on() -> None:
    done = run(
        PROGRAM + "    fetch = decorate(); set_sdk(); print(fetch()); report()", env={"OTEL_SDK_DISABLED": "true"}
    )

    assert done.lines == ["page", "[]", "[]"]


def test_only_a_meter_provider_wakes_the_metrics() -> None:
    done = run(
        PROGRAM
        + "    fetch = decorate(); metrics.set_meter_provider(MeterProvider([reader])); fetch(); fetch(); report()"
    )

    assert done.lines == ["[]", "[('retold.call.duration', 2), ('retold.calls', 2)]"]


def test_spans_begin_when_their_provider_is_set_after_that_of_metrics() -> None:
    done = run(
        PROGRAM
        + """
    fetch = decorate()
    metrics.set_meter_provider(MeterProvider([reader]))
    fetch()
    tracers = TracerProvider()
    tracers.add_span_processor(SimpleSpanProcessor(kept))
    trace.set_tracer_provider(tracers)
    fetch()
    report()
    """
    )

    assert done.lines == [SPANS, "[('retold.call.duration', 2), ('retold.calls', 2)]"]


@pytest.mark.parametrize("failures", [0, 2])
def test_spans_that_no_provider_makes_are_looked_for_and_missed_quietly(failures: int) -> None:
    done = run(
        PROGRAM
        + f"""
    from retold.exporters.opentelemetry import OpenTelemetry
    retold.configure(exporters=[OpenTelemetry(attempt_spans="on_retry")])
    metrics.set_meter_provider(MeterProvider([reader]))
    turns = iter([OSError] * {failures} + [None])

    @retold.retry(on=OSError, backoff=0)
    def fetch():
        if error := next(turns):
            raise error

    fetch()
    print(trace.get_current_span() is trace.INVALID_SPAN)
    report()
    """
    )

    assert done.lines[:2] == ["True", "[]"]


def test_an_exporter_made_after_the_provider_is_set_carries_on_for_one_made_before() -> None:
    done = run(
        PROGRAM
        + """
    from retold.exporters.opentelemetry import OpenTelemetry
    fetch = decorate()
    set_sdk()
    retold.configure(exporters=[OpenTelemetry(metrics=True), "prometheus"])
    fetch()
    report()
    """
    )

    assert done.lines == [SPANS, "[('retold.call.duration', 1), ('retold.calls', 1)]"]
    assert done.err == ""
