"""The demo's spans at a real OTLP receiver."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.cli.demo.running import Demo, Files
from tests.services.otlp import OtlpSink, Span


def by_operation(spans: Iterable[Span], key: str) -> Counter[object]:
    return Counter(span.attributes["retold.operation"] for span in spans if key in span.attributes)


@pytest.mark.parametrize("protocol", ["grpc", "http/protobuf"])
def test_the_receiver_has_the_spans_of_the_table(tmp_path: Path, otlp_sink: OtlpSink, protocol: str) -> None:
    endpoint = otlp_sink.grpc_endpoint if protocol == "grpc" else otlp_sink.http_endpoint

    with Demo(
        tmp_path,
        "--worlds=http",
        "--duration=1",
        "--rate=60",
        OTEL_EXPORTER_OTLP_ENDPOINT=endpoint,
        OTEL_EXPORTER_OTLP_PROTOCOL=protocol,
    ) as demo:
        assert demo.end() == 0
        assert demo.errors == ""

    files, spans = Files(tmp_path), otlp_sink.spans()
    expected = {name: sum(counts.values()) for name, counts in files.counted("calls").items()}
    assert by_operation(spans, "retold.attempt.count") == expected
    expected = {name: sum(counts.values()) for name, counts in files.counted("attempts").items()}
    assert by_operation(spans, "retold.attempt.number") == expected
    attempts = [span.span_id for span in spans if "retold.attempt.number" in span.attributes]
    assert Counter(span.parent_id for span in spans if span.kind == "CLIENT") == Counter(attempts)
    assert files.summary["spans"] == {"delivered": len(spans), "lost": 0, "destination": endpoint}
    assert not (tmp_path / "spans.jsonl").exists()


def test_a_receiver_that_is_gone_costs_spans_but_neither_the_run_nor_its_end(tmp_path: Path) -> None:
    with Demo(tmp_path, "--worlds=http", "--duration=0.5", OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:9") as demo:
        assert demo.end() == 0
        assert "Traceback" not in demo.errors

    summary = Files(tmp_path).summary
    spans = sum(
        sum(counts["calls"].values()) + 2 * sum(counts["attempts"].values())
        for counts in summary["operations"].values()
    )
    assert summary["spans"] == {"delivered": 0, "lost": spans, "destination": "http://127.0.0.1:9"}
    assert f"0 spans in http://127.0.0.1:9, {spans} could not be delivered\n" in demo.output
