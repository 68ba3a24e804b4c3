"""The OTLP sink keeps its promises to the plain OpenTelemetry SDK."""

import gzip
import http.client
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest
from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter as GrpcMetricExporter
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcSpanExporter
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter as HttpMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpSpanExporter
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import MetricExporter, PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter
from opentelemetry.trace import SpanKind, Status, StatusCode, Tracer, set_span_in_context

from tests.services.otlp import OtlpSink

_SPAN_EXPORTERS: dict[str, Callable[[OtlpSink], SpanExporter]] = {
    "grpc": lambda sink: GrpcSpanExporter(endpoint=sink.grpc_endpoint, insecure=True),
    "http": lambda sink: HttpSpanExporter(endpoint=f"{sink.http_endpoint}/v1/traces"),
    "http-gzip": lambda sink: HttpSpanExporter(
        endpoint=f"{sink.http_endpoint}/v1/traces", compression=Compression.Gzip
    ),
}
_METRIC_EXPORTERS: dict[str, Callable[[OtlpSink], MetricExporter]] = {
    "grpc": lambda sink: GrpcMetricExporter(endpoint=sink.grpc_endpoint, insecure=True),
    "http": lambda sink: HttpMetricExporter(endpoint=f"{sink.http_endpoint}/v1/metrics"),
}


@contextmanager
def tracing_to(exporter: SpanExporter) -> Generator[Tracer, None, None]:
    provider = TracerProvider(resource=Resource({"service.name": "shop"}), shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    try:
        yield provider.get_tracer("shop.orders", "1.0", "https://example.com/schema")
    finally:
        provider.shutdown()


@pytest.fixture(params=_SPAN_EXPORTERS)
def tracer(request: pytest.FixtureRequest, otlp_sink: OtlpSink) -> Iterator[Tracer]:
    with tracing_to(_SPAN_EXPORTERS[request.param](otlp_sink)) as tracer:
        yield tracer


def post(sink: OtlpSink, path: str, body: bytes, encoding: str = "identity") -> int:
    connection = http.client.HTTPConnection(urlsplit(sink.http_endpoint).netloc, timeout=10)
    connection.request("POST", path, body, {"Content-Encoding": encoding})
    status = connection.getresponse().status
    connection.close()
    return status


def test_a_child_span_arrives_under_its_parent(tracer: Tracer, otlp_sink: OtlpSink) -> None:
    parent = tracer.start_span("order", kind=SpanKind.CLIENT)
    child = tracer.start_span("attempt", context=set_span_in_context(parent))
    child.add_event("sent")
    child.end()
    parent.end()

    inner, outer = otlp_sink.wait_for(2)

    assert (outer.name, outer.kind, outer.parent_id, outer.status) == ("order", "CLIENT", None, "UNSET")
    assert (inner.name, inner.kind, inner.parent_id) == ("attempt", "INTERNAL", outer.span_id)
    assert (outer.events, inner.events) == (0, 1)
    assert inner.trace_id == outer.trace_id == f"{parent.get_span_context().trace_id:032x}"
    assert outer.start <= inner.start <= inner.end <= outer.end
    assert (outer.scope, outer.scope_schema_url) == ("shop.orders", "https://example.com/schema")
    assert outer.resource == {"service.name": "shop"}


def test_an_error_status_arrives_with_its_message(tracer: Tracer, otlp_sink: OtlpSink) -> None:
    span = tracer.start_span("order")
    span.set_status(Status(StatusCode.ERROR, "out of stock"))
    span.end()

    [received] = otlp_sink.wait_for(1)

    assert (received.status, received.status_message) == ("ERROR", "out of stock")


def test_attributes_come_back_as_the_values_they_were(tracer: Tracer, otlp_sink: OtlpSink) -> None:
    tracer.start_span(
        "order", attributes={"text": "é", "yes": True, "count": 3, "share": 0.5, "names": ("a", "b")}
    ).end()

    [received] = otlp_sink.wait_for(1)

    assert received.attributes == {"text": "é", "yes": True, "count": 3, "share": 0.5, "names": ["a", "b"]}
    assert received.attributes["yes"] is True


def test_what_was_sent_is_found_in_the_raw_bytes(tracer: Tracer, otlp_sink: OtlpSink) -> None:
    tracer.start_span("order", attributes={"card": "canary-4111"}).end()

    assert b"canary-4111" in otlp_sink.requests_raw()
    assert b"canary-4112" not in otlp_sink.requests_raw()


@pytest.mark.parametrize("exporter", _METRIC_EXPORTERS.values(), ids=_METRIC_EXPORTERS)
def test_metrics_are_accepted(exporter: Callable[[OtlpSink], MetricExporter], otlp_sink: OtlpSink) -> None:
    reader = PeriodicExportingMetricReader(exporter(otlp_sink), export_interval_millis=float("inf"))
    provider = MeterProvider([reader], shutdown_on_exit=False)
    provider.get_meter("shop").create_counter("shop.orders").add(1)

    provider.force_flush()
    provider.shutdown()

    assert "shop.orders" in otlp_sink.metric_names()


def test_waiting_ends_when_the_span_arrives_later(otlp_sink: OtlpSink) -> None:
    with tracing_to(_SPAN_EXPORTERS["http"](otlp_sink)) as tracer:
        later = threading.Timer(0.05, lambda: tracer.start_span("order").end())
        later.start()
        names = [span.name for span in otlp_sink.wait_for(1)]
        later.join()

    assert names == ["order"]


def test_waiting_in_vain_says_what_is_missing(otlp_sink: OtlpSink) -> None:
    with pytest.raises(TimeoutError, match=r"0 of 1 spans arrived"):
        otlp_sink.wait_for(1, timeout=0)


@pytest.mark.parametrize(
    ("path", "body", "encoding", "status"),
    [
        ("/v1/logs", b"", "identity", 200),
        ("/v1/traces", gzip.compress(ExportTraceServiceRequest().SerializeToString(), mtime=0), "gzip", 200),
        ("/v1/traces", b"no protobuf", "identity", 400),
        ("/v1/traces", b"no gzip", "gzip", 400),
        ("/v1/nothing", b"", "identity", 404),
    ],
)
def test_only_otlp_is_accepted(otlp_sink: OtlpSink, path: str, body: bytes, encoding: str, status: int) -> None:
    assert post(otlp_sink, path, body, encoding) == status


def test_a_closed_sink_leaves_no_thread_and_stays_readable() -> None:
    before = set(threading.enumerate())

    with OtlpSink() as sink:
        for exporter in _SPAN_EXPORTERS.values():
            with tracing_to(exporter(sink)) as tracer:
                tracer.start_span("order").end()

    assert set(threading.enumerate()) <= before
    assert len(sink.spans()) == len(_SPAN_EXPORTERS)
