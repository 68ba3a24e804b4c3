"""What arrives in receivers that are not ours, and behind a collector, is what was sent."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol

import pytest
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.common.metrics_encoder import encode_metrics
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter as GrpcMetricExporter
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcSpanExporter
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter as HttpMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpSpanExporter
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import (
    MetricExporter,
    MetricExportResult,
    MetricsData,
    PeriodicExportingMetricReader,
)
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind
from prometheus_client import CollectorRegistry, start_http_server

import retold
from retold import Policy, telemetry
from retold.exporters.opentelemetry import OpenTelemetry
from retold.exporters.prometheus import Prometheus
from retold.testing import ManualClock
from tests.budgets import spent
from tests.forms import ACALL, CALL, Failing, Form
from tests.plans import Interrupt
from tests.services.agent import Agent
from tests.services.collector import Collector
from tests.services.fixtures import StartPrometheus
from tests.services.otlp import OtlpSink, metrics_in
from tests.services.spans import Span, spans_in

RESOURCE = {"service.name": "shop", "service.instance.id": "shop-1"}


class Receiver(Protocol):
    """Where OTLP can be sent to."""

    grpc_endpoint: str
    http_endpoint: str


SPAN_EXPORTERS: dict[str, Callable[[Receiver], SpanExporter]] = {
    "grpc": lambda to: GrpcSpanExporter(endpoint=to.grpc_endpoint, insecure=True),
    "http": lambda to: HttpSpanExporter(endpoint=f"{to.http_endpoint}/v1/traces"),
}
METRIC_EXPORTERS: dict[str, Callable[[Receiver], MetricExporter]] = {
    "grpc": lambda to: GrpcMetricExporter(endpoint=to.grpc_endpoint, insecure=True),
    "http": lambda to: HttpMetricExporter(endpoint=f"{to.http_endpoint}/v1/metrics"),
}


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture(params=["grpc", "http"])
def protocol(request: pytest.FixtureRequest) -> str:
    made: str = request.param
    return made


@pytest.fixture(scope="module")
def agent() -> Iterator[Agent]:
    """One for all tests, for it takes a second to start."""
    with Agent() as started:
        yield started


def policy(operation: str, **options: Any) -> Policy[Any]:
    given: dict[str, Any] = {"on": OSError, "backoff": 0.5, "clock": ManualClock(), "operation": operation}
    return Policy(**given | options)


def an_order(tracer: trace.Tracer) -> None:
    """Calls of all kinds, below a request, with each other and with spans of a client below their attempts."""

    def pay() -> object:
        with tracer.start_as_current_span("POST /pay", kind=SpanKind.CLIENT):
            return CALL.perform(policy("bank.pay", fallback=None), Failing(ConnectionError))

    def perform(form: Form, of: Policy[Any], *turns: object) -> None:
        try:
            form.perform(of, Failing(*turns))
        except (ValueError, Interrupt):
            return

    with tracer.start_as_current_span("POST /order", kind=SpanKind.SERVER):
        policy("shop.order").call(pay)
        perform(CALL, policy("shop.recovers"), OSError, TimeoutError, "page")
        perform(ACALL, policy("shop.polls", on_result=lambda page: page == ""), "", "", "page")
        perform(ACALL, policy("shop.fails"), ValueError("card 4111"))
        perform(CALL, policy("shop.cancelled", timeout=5), OSError, Interrupt)


def sent_to(exporter: SpanExporter) -> list[Span]:
    """Make the calls with their spans going there, and return the spans that were sent."""
    kept = InMemorySpanExporter()
    tracers = TracerProvider(resource=Resource(RESOURCE), shutdown_on_exit=False)
    tracers.add_span_processor(SimpleSpanProcessor(kept))
    tracers.add_span_processor(BatchSpanProcessor(exporter))
    with retold.configure(exporters=[OpenTelemetry(tracer_provider=tracers, metrics=False)]):
        an_order(tracers.get_tracer("shop"))
    tracers.shutdown()
    return in_order(spans_in(encode_spans(kept.get_finished_spans())))


def in_order(spans: Iterable[Span]) -> list[Span]:
    return sorted(spans, key=lambda span: (span.start, span.span_id))


def tree(spans: list[Span], parent: str | None = None, depth: int = 0) -> list[str]:
    """Each span's name, kind and status, below its parent's."""
    return [
        line
        for span in in_order(spans)
        if span.parent_id == parent
        for line in (f"{'  ' * depth}{span.name} {span.kind} {span.status}", *tree(spans, span.span_id, depth + 1))
    ]


ORDER = """
POST /order SERVER UNSET
  shop.order INTERNAL UNSET
    attempt shop.order INTERNAL UNSET
      POST /pay CLIENT UNSET
        bank.pay INTERNAL ERROR
          attempt bank.pay INTERNAL ERROR
          attempt bank.pay INTERNAL ERROR
          attempt bank.pay INTERNAL ERROR
  shop.recovers INTERNAL UNSET
    attempt shop.recovers INTERNAL ERROR
    attempt shop.recovers INTERNAL ERROR
    attempt shop.recovers INTERNAL UNSET
  shop.polls INTERNAL UNSET
    attempt shop.polls INTERNAL UNSET
    attempt shop.polls INTERNAL UNSET
    attempt shop.polls INTERNAL UNSET
  shop.fails INTERNAL ERROR
    attempt shop.fails INTERNAL ERROR
  shop.cancelled INTERNAL UNSET
    attempt shop.cancelled INTERNAL ERROR
    attempt shop.cancelled INTERNAL UNSET
"""


def assert_the_order(received: list[Span], sent: list[Span]) -> None:
    assert tree(received) == ORDER.strip().splitlines()
    assert received == sent
    ours = [span for span in received if span.scope == "retold"]
    assert {span.scope_schema_url for span in ours} == {telemetry.SCHEMA_URL}
    assert {(span.events, span.status_message) for span in ours} == {(0, "")}
    assert all(span.resource == RESOURCE for span in ours)
    [call] = [span for span in ours if span.name == "bank.pay"]
    assert call.attributes == {
        "retold.operation": "bank.pay",
        "retold.policy.max_attempts": 3,
        "retold.outcome": "attempts_exhausted",
        "retold.retried": True,
        "retold.attempt.count": 3,
        "retold.delay.total": 1.0,
        "retold.fallback": True,
        "retold.call.depth": 1,
        "error.type": "ConnectionError",
    }


@pytest.mark.filterwarnings("ignore::retold.NestedRetryWarning")
def test_a_collector_hands_on_the_spans_as_they_were_sent(otlp_sink: OtlpSink, protocol: str) -> None:
    with Collector(otlp_sink, protocol) as collector:
        sent = sent_to(SPAN_EXPORTERS[protocol](collector))
        received = in_order(otlp_sink.wait_for(len(sent)))

    assert_the_order(received, sent)


@pytest.mark.filterwarnings("ignore::retold.NestedRetryWarning")
def test_another_s_receiver_has_the_spans_as_they_were_sent(agent: Agent, protocol: str) -> None:
    sent = sent_to(SPAN_EXPORTERS[protocol](agent))

    [trace_id] = {span.trace_id for span in sent}
    received = in_order(span for span in agent.spans() if span.trace_id == trace_id)

    assert_the_order(received, sent)


class Kept(MetricExporter):
    """Hands everything on, and keeps it as it is sent."""

    def __init__(self, to: MetricExporter) -> None:
        super().__init__()
        self.to = to
        self.sent: list[Metric] = []

    def export(self, metrics_data: MetricsData, timeout_millis: float = 10_000, **kwargs: Any) -> MetricExportResult:
        self.sent.extend(metrics_in(encode_metrics(metrics_data)))
        return self.to.export(metrics_data, timeout_millis, **kwargs)

    def force_flush(self, timeout_millis: float = 10_000) -> bool:
        return self.to.force_flush(timeout_millis)

    def shutdown(self, timeout_millis: float = 30_000, **kwargs: Any) -> None:
        self.to.shutdown(timeout_millis, **kwargs)


def test_a_collector_hands_on_all_metrics_as_they_were_sent(otlp_sink: OtlpSink, protocol: str) -> None:
    with Collector(otlp_sink, protocol) as collector:
        exporter = Kept(METRIC_EXPORTERS[protocol](collector))
        meters = MeterProvider(
            [PeriodicExportingMetricReader(exporter, export_interval_millis=float("inf"))], shutdown_on_exit=False
        )
        with retold.configure(exporters=[OpenTelemetry(meter_provider=meters)]):
            budget = spent()
            for options in ({}, {"budget": budget}):
                CALL.perform(policy("shop.fetch", fallback=None, **options), Failing(OSError))
            meters.force_flush()
            otlp_sink.wait_for_metrics({metric.name for metric in telemetry.METRICS})
            sent = list(exporter.sent)
        meters.shutdown()

    assert {metric.name for metric in sent} == {metric.name for metric in telemetry.METRICS}
    assert otlp_sink.metrics()[: len(sent)] == sent


def test_the_exemplars_that_prometheus_has_lead_to_spans_behind_the_collector(
    otlp_sink: OtlpSink, prometheus_server: StartPrometheus
) -> None:
    registry = CollectorRegistry()
    http, thread = start_http_server(0, "127.0.0.1", registry)
    try:
        with Collector(otlp_sink, "http") as collector:
            server = prometheus_server([f"127.0.0.1:{http.server_port}"])
            tracers = TracerProvider(shutdown_on_exit=False)
            tracers.add_span_processor(BatchSpanProcessor(SPAN_EXPORTERS["grpc"](collector)))
            spans = OpenTelemetry(tracer_provider=tracers)
            with retold.configure(exporters=[spans, Prometheus(registry)]):
                asyncio.run(policy("shop.fetch", backoff=0.0).acall(eventually("page")))
                tracers.shutdown()
                server.wait_until("retold_calls_total > 0", bool)
            exemplars = {
                name: [exemplar["labels"] for exemplar in server.exemplars(f"retold_{name}_duration_seconds_bucket")]
                for name in ("call", "attempt")
            }
            received = otlp_sink.wait_for(4)
    finally:
        http.shutdown()
        thread.join()
        http.server_close()

    ids = {span.span_id: span for span in received}
    [call] = exemplars["call"]
    assert (ids[call["span_id"]].name, ids[call["span_id"]].trace_id) == ("shop.fetch", call["trace_id"])
    assert exemplars["attempt"] != []
    for attempt in exemplars["attempt"]:
        assert ids[attempt["span_id"]].name == "attempt shop.fetch"
        assert ids[attempt["span_id"]].trace_id == call["trace_id"]


def eventually(page: str) -> Callable[[], Any]:
    work = Failing(OSError, OSError, page)

    async def fetch() -> Any:
        return work()

    return fetch
