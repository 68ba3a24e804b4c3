"""Where the demo's spans go: a file of JSON lines, or the OTLP endpoint that the environment names."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor, SpanExporter, SpanExportResult

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
_OTLP_TIMEOUT = 2
"""Seconds for one batch: a receiver that is gone must not hold up the end of the demo."""


class TracesError(RuntimeError):
    """The environment asks for spans to go where they cannot."""


class Traces:
    """The SDK, set up for all of this process: every span is delivered to one place.

    Args:
        path: The file to write where the environment names no endpoint; it must not exist.
        of_worker: Whether it exists, for it is another process's, and gets each span as soon as that has ended: this
            process may be killed.

    Attributes:
        destination: Where the spans go, in words.
        in_file: Whether that is the file.

    Raises:
        TracesError: The environment names a protocol that is not known or not installed.
        OSError: The file cannot be written.
    """

    def __init__(self, path: Path, *, of_worker: bool = False) -> None:
        endpoint = _first_of(_ENDPOINTS)
        self.in_file = endpoint is None
        self._path = path
        self._elsewhere = self._lost_elsewhere = 0
        self.destination = str(path) if endpoint is None else endpoint
        if endpoint is None and not of_worker:
            path.touch(exist_ok=False)
        self._delivery = _Delivery(_FileExporter(path) if endpoint is None else _otlp_exporter())
        self._provider = TracerProvider(resource=Resource.create({"service.name": "retold-demo"}))
        self._provider.add_span_processor(_processor(self._delivery, at_once=of_worker and self.in_file))
        trace.set_tracer_provider(self._provider)

    @property
    def delivered(self) -> int:
        """Spans that the destination has taken, from whomever."""
        if self.in_file:
            with self._path.open("rb") as file:
                return sum(1 for _ in file)
        return self._delivery.delivered + self._elsewhere

    @property
    def lost(self) -> int:
        """Spans that it has not."""
        return self._delivery.lost + self._lost_elsewhere

    def add(self, delivered: int, lost: int) -> None:
        """Count those of another process too."""
        self._elsewhere += delivered
        self._lost_elsewhere += lost

    def close(self) -> None:
        """Deliver what is left."""
        self._delivery.closing = True
        self._provider.shutdown()


def _processor(exporter: SpanExporter, *, at_once: bool) -> SpanProcessor:
    if at_once:
        return SimpleSpanProcessor(exporter)
    return BatchSpanProcessor(exporter, max_queue_size=100_000, schedule_delay_millis=250)


class _Delivery(SpanExporter):
    """Counts what another exporter takes, and what it does not.

    Attributes:
        closing: Whether the end is near: then one failure is enough, and nothing further is tried.
    """

    def __init__(self, exporter: SpanExporter) -> None:
        self.delivered = self.lost = 0
        self.closing = False
        self._exporter = exporter

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        hopeless = self.closing and self.lost > 0
        result = SpanExportResult.FAILURE if hopeless else self._exporter.export(spans)
        if result is SpanExportResult.SUCCESS:
            self.delivered += len(spans)
        else:
            self.lost += len(spans)
        return result

    def shutdown(self) -> None:
        self._exporter.shutdown()


class _FileExporter(SpanExporter):
    """One line of JSON for each span. A batch is one write, so that lines are whole whatever ends the process."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("ab", buffering=0)

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        lines = "".join(f"{span.to_json(indent=None)}\n" for span in spans)
        try:
            self._file.write(lines.encode())
        except OSError as error:
            sys.stderr.write(f"{len(spans)} spans could not be written to {self._file.name}: {error}\n")
            return SpanExportResult.FAILURE
        return SpanExportResult.SUCCESS

    def shutdown(self) -> None:
        self._file.close()


def _otlp_exporter() -> SpanExporter:
    protocol = _first_of(_PROTOCOLS) or "http/protobuf"
    try:
        match protocol:
            case "http/protobuf":
                from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

                return OTLPSpanExporter(timeout=_OTLP_TIMEOUT)
            case "grpc":
                from opentelemetry.exporter.otlp.proto.grpc import trace_exporter

                return trace_exporter.OTLPSpanExporter(timeout=_OTLP_TIMEOUT)
            case _:
                raise TracesError(f"OTEL_EXPORTER_OTLP_PROTOCOL must be http/protobuf or grpc, not {protocol}")
    except ImportError as error:
        raise TracesError(f"OTLP over {protocol} needs the extra: pip install 'retold[otlp]'") from error


def _first_of(variables: Sequence[str]) -> str | None:
    return next((os.environ[name] for name in variables if os.environ.get(name)), None)
