"""What the doctor says of an OTLP endpoint, at a real receiver over both protocols."""

import sys

import pytest

from retold.cli.doctor.otlp import probe
from tests.cli.doctor.asking import Doctor
from tests.cli.doctor.conftest import Serve
from tests.services.otlp import OtlpSink
from tests.services.ports import free_port

GRPC, HTTP = "grpc", "http/protobuf"


@pytest.fixture(autouse=True)
def _direct(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("OTEL_EXPORTER_OTLP_PROTOCOL", raising=False)
    monkeypatch.delenv("OTEL_EXPORTER_OTLP_HEADERS", raising=False)


def found(url: str, protocol: str | None = None) -> list[tuple[str, str]]:
    findings = list(probe(url, protocol, 5))
    assert all(each.remedy for each in findings if each.status != "ok")
    return [(each.status, each.message) for each in findings]


def test_a_receiver_takes_an_empty_export_of_each_signal(otlp_sink: OtlpSink) -> None:
    assert found(otlp_sink.http_endpoint) == [
        ("ok", "traces over HTTP: an empty export was accepted"),
        ("ok", "metrics over HTTP: an empty export was accepted"),
    ]
    assert found(otlp_sink.grpc_endpoint, GRPC) == [
        ("ok", "traces over gRPC: an empty export was accepted"),
        ("ok", "metrics over gRPC: an empty export was accepted"),
    ]
    assert (otlp_sink.spans(), otlp_sink.requests_raw()) == ([], b"")


def test_the_environment_s_protocol_is_taken(otlp_sink: OtlpSink, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_PROTOCOL", GRPC)

    assert found(otlp_sink.grpc_endpoint)[0] == ("ok", "traces over gRPC: an empty export was accepted")


def test_the_wrong_protocol_is_a_problem_with_the_other_as_remedy(otlp_sink: OtlpSink) -> None:
    [over_http] = list(probe(otlp_sink.grpc_endpoint, HTTP, 5))
    over_grpc = list(probe(otlp_sink.http_endpoint, GRPC, 5))

    assert over_http.status == "problem"
    assert "--protocol grpc" in str(over_http.remedy)
    assert [each.status for each in over_grpc] == ["problem", "problem"]
    assert "--protocol http/protobuf" in str(over_grpc[0].remedy)


def test_grpc_without_the_tls_that_is_asked_for_is_a_problem(otlp_sink: OtlpSink) -> None:
    answers = found(otlp_sink.grpc_endpoint.replace("http:", "https:"), GRPC)

    assert answers == [("problem", f"{signal} over gRPC: answered UNAVAILABLE") for signal in ("traces", "metrics")]


def test_a_path_too_much_is_a_problem(otlp_sink: OtlpSink) -> None:
    [traces, metrics] = list(probe(f"{otlp_sink.http_endpoint}/v1/traces", None, 5))

    assert (traces.message, metrics.message) == ("traces over HTTP: answered 404", "metrics over HTTP: answered 404")
    assert "without /v1/traces" in str(traces.remedy)


@pytest.mark.parametrize("protocol", [GRPC, HTTP])
def test_a_closed_port_is_a_problem(protocol: str) -> None:
    assert found(f"http://127.0.0.1:{free_port()}", protocol) == [("problem", "nobody listens there")]


def test_without_the_extra_a_connection_is_all_that_is_tried(
    otlp_sink: OtlpSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "grpc", None)

    assert found(otlp_sink.grpc_endpoint, GRPC) == [
        ("note", "a connection opens; whether OTLP is spoken was not tried")
    ]


def test_headers_are_sent_and_neither_they_nor_a_password_are_shown(doctor: Doctor) -> None:
    port = free_port()
    with OtlpSink() as sink:
        seen = doctor.ask(
            f"--otlp={sink.http_endpoint.replace('//', '//me:s3cr3t@')}",
            OTEL_EXPORTER_OTLP_HEADERS="api-key=t0k%65n,odd",
        )
    closed = doctor.ask(f"--otlp=http://me:s3cr3t@127.0.0.1:{port}")

    assert "s3cr3t" not in seen.out + seen.err + closed.out + closed.err
    assert "t0k" not in seen.out + seen.err
    assert closed.problems == [(f"otlp http://127.0.0.1:{port}", "nobody listens there")]


def test_the_environment_s_endpoint_is_asked(doctor: Doctor, otlp_sink: OtlpSink) -> None:
    seen = doctor.ask(OTEL_EXPORTER_OTLP_ENDPOINT=otlp_sink.http_endpoint)

    assert [status for status, _ in seen.of(f"otlp {otlp_sink.http_endpoint}")] == ["ok", "ok"]
    assert seen.status == 0


@pytest.mark.parametrize(
    ("status", "remedy"), [(401, "OTEL_EXPORTER_OTLP_HEADERS"), (403, "OTEL_EXPORTER_OTLP_HEADERS"), (503, "log")]
)
def test_what_a_receiver_answers_is_said(serve: Serve, status: int, remedy: str) -> None:
    traces, metrics = probe(serve("", status=status), None, 5)

    assert traces.message == f"traces over HTTP: answered {status}"
    assert remedy in str(traces.remedy)
    assert metrics.status == "problem"
