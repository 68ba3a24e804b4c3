"""What the doctor says of an application's own OTLP exporters."""

import pytest
from opentelemetry.sdk.trace.export import SpanExportResult

from retold.cli.doctor.delivery import deliver
from tests.cli.doctor.asking import Doctor
from tests.services.otlp import OtlpSink
from tests.services.ports import free_port

APP = """
import retold
from opentelemetry import metrics, trace
from opentelemetry.exporter.otlp.proto.{protocol}.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.{protocol}.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

@retold.retry(on=OSError)
def fetch(): ...

provider = TracerProvider(shutdown_on_exit=False)
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
trace.set_tracer_provider(provider)
reader = PeriodicExportingMetricReader(OTLPMetricExporter())
metrics.set_meter_provider(MeterProvider([reader], shutdown_on_exit=False))
"""


@pytest.mark.parametrize("protocol", ["http", "grpc"])
def test_a_receiver_that_takes_an_empty_export_is_well(doctor: Doctor, otlp_sink: OtlpSink, protocol: str) -> None:
    endpoint = otlp_sink.http_endpoint if protocol == "http" else otlp_sink.grpc_endpoint

    seen = doctor.ask("--import=shop", app=APP.format(protocol=protocol), OTEL_EXPORTER_OTLP_ENDPOINT=endpoint)

    assert seen.problems == []
    for signal in ("traces", "metrics"):
        [(status, message)] = seen.of(signal)
        assert (status, message.endswith(": an empty export was accepted")) == ("ok", True)
    assert otlp_sink.requests_raw() == b""


@pytest.mark.parametrize("protocol", ["http", "grpc"])
def test_a_receiver_that_is_not_there_is_a_problem_of_each_signal(doctor: Doctor, protocol: str) -> None:
    port = free_port()

    seen = doctor.ask(
        "--import=shop",
        app=APP.format(protocol=protocol),
        OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{port}",
    )

    assert [subject for subject, _ in seen.problems] == ["traces", "metrics"]
    assert all(f"127.0.0.1:{port}" in text and "nobody listens there" in text for _, text in seen.problems)


def test_what_a_receiver_refuses_is_said_as_the_exporter_says_it(doctor: Doctor, otlp_sink: OtlpSink) -> None:
    endpoint = f"{otlp_sink.http_endpoint}/nowhere"

    seen = doctor.ask("--import=shop", app=APP.format(protocol="http"), OTEL_EXPORTER_OTLP_ENDPOINT=endpoint)

    assert seen.status == 1
    assert all("404" in message for _, message in seen.problems)


def test_an_exporter_that_tries_for_long_is_not_waited_for(doctor: Doctor, otlp_sink: OtlpSink) -> None:
    """HTTP exporters at a port that speaks gRPC try again and again."""
    seen = doctor.ask(
        "--import=shop",
        "--timeout=0.3",
        app=APP.format(protocol="http"),
        OTEL_EXPORTER_OTLP_ENDPOINT=otlp_sink.grpc_endpoint,
    )

    assert [subject for subject, _ in seen.problems] == ["traces", "metrics"]


def test_an_exporter_that_raises_is_a_problem(doctor: Doctor, otlp_sink: OtlpSink) -> None:
    app = APP.format(protocol="http") + "OTLPSpanExporter.export = lambda self, spans: 1 / 0\n"

    seen = doctor.ask("--import=shop", app=app, OTEL_EXPORTER_OTLP_ENDPOINT=otlp_sink.http_endpoint)

    [(subject, message)] = seen.problems
    assert (subject, message.partition(": ")[2]) == ("traces", "it raised ZeroDivisionError: division by zero")


def test_an_exporter_that_hides_its_endpoint_is_tried_all_the_same() -> None:
    class Hiding:
        __module__ = "opentelemetry.exporter.otlp.own"

        def export(self, spans: object) -> SpanExportResult:
            return SpanExportResult.FAILURE

    assert deliver("traces", Hiding(), [], 5).message == "go to its endpoint: FAILURE"
