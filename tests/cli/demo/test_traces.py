"""Where the demo's spans go: whole lines in a file or an OTLP receiver, and every span that is lost is counted."""

import json
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider

from retold.cli.demo import traces as module
from retold.cli.demo.traces import Traces, TracesError
from tests.services.otlp import OtlpSink


@pytest.fixture(autouse=True)
def providers(monkeypatch: pytest.MonkeyPatch) -> list[TracerProvider]:
    """The providers that would have been made this process's own."""
    made: list[TracerProvider] = []
    monkeypatch.setattr(trace, "set_tracer_provider", made.append)
    for name in (*module._ENDPOINTS, *module._PROTOCOLS):
        monkeypatch.delenv(name, raising=False)
    return made


def make_spans(providers: list[TracerProvider], *names: str) -> None:
    for name in names:
        providers[-1].get_tracer("test").start_span(name).end()


def test_a_span_is_a_line_of_the_file(tmp_path: Path, providers: list[TracerProvider]) -> None:
    traces = Traces(tmp_path / "spans.jsonl")

    make_spans(providers, "one", "two\nlines")
    traces.close()

    told = [json.loads(line) for line in (tmp_path / "spans.jsonl").read_text().splitlines()]
    assert [span["name"] for span in told] == ["one", "two\nlines"]
    assert told[0]["resource"]["attributes"]["service.name"] == "retold-demo"
    assert (traces.delivered, traces.lost, traces.destination) == (2, 0, str(tmp_path / "spans.jsonl"))


def test_a_file_that_exists_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "spans.jsonl"
    path.write_text("precious")

    with pytest.raises(FileExistsError):
        Traces(path)

    assert path.read_text() == "precious"


def test_a_full_disk_loses_spans_and_says_so(
    tmp_path: Path, providers: list[TracerProvider], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real = Path.open

    def full(path: Path, mode: str, buffering: int = -1) -> IO[Any]:
        return real(Path("/dev/full"), "r+b", buffering) if mode == "ab" else real(path, mode)

    monkeypatch.setattr(Path, "open", full)
    traces = Traces(tmp_path / "spans.jsonl")

    make_spans(providers, "one", "two")
    traces.close()

    assert (traces.delivered, traces.lost) == (0, 2)
    assert capsys.readouterr().err == (
        "2 spans could not be written to /dev/full: [Errno 28] No space left on device\n"
    )


@pytest.mark.parametrize("protocol", ["grpc", "http/protobuf", ""])
def test_spans_go_to_the_receiver_that_the_environment_names(
    tmp_path: Path,
    providers: list[TracerProvider],
    monkeypatch: pytest.MonkeyPatch,
    otlp_sink: OtlpSink,
    protocol: str,
) -> None:
    endpoint = otlp_sink.grpc_endpoint if protocol == "grpc" else otlp_sink.http_endpoint
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_PROTOCOL", protocol)
    traces = Traces(tmp_path / "spans.jsonl")

    make_spans(providers, "one", "two")
    traces.close()

    assert [span.name for span in otlp_sink.spans()] == ["one", "two"]
    assert (traces.delivered, traces.lost, traces.destination) == (2, 0, endpoint)
    assert not (tmp_path / "spans.jsonl").exists()


def test_what_the_environment_says_of_traces_goes_first(
    tmp_path: Path, providers: list[TracerProvider], monkeypatch: pytest.MonkeyPatch, otlp_sink: OtlpSink
) -> None:
    endpoint = f"{otlp_sink.http_endpoint}/v1/traces"
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", endpoint)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/protobuf")
    traces = Traces(tmp_path / "spans.jsonl")

    make_spans(providers, "one")
    traces.close()

    assert (len(otlp_sink.spans()), traces.destination) == (1, endpoint)


@pytest.fixture
def mute() -> Iterator[str]:
    """An endpoint that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


@pytest.mark.parametrize("protocol", ["grpc", "http/protobuf"])
def test_a_receiver_that_never_answers_costs_spans_but_little_time(
    tmp_path: Path, providers: list[TracerProvider], monkeypatch: pytest.MonkeyPatch, mute: str, protocol: str
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", mute)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_PROTOCOL", protocol)
    traces = Traces(tmp_path / "spans.jsonl")
    make_spans(providers, *["span"] * 5000)

    began = time.monotonic()
    traces.close()

    assert time.monotonic() - began < 6
    assert (traces.delivered, traces.lost) == (0, 5000)


def test_an_unknown_protocol_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json")

    with pytest.raises(TracesError, match=r"must be http/protobuf or grpc, not http/json$"):
        Traces(tmp_path / "spans.jsonl")


def test_a_missing_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.grpc", None)

    with pytest.raises(TracesError, match=r"OTLP over grpc needs the extra: pip install 'retold\[otlp\]'"):
        Traces(tmp_path / "spans.jsonl")
