"""ddapm-test-agent: an OTLP receiver that is not ours, and can be asked what it has received."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Self
from urllib.request import ProxyHandler, build_opener

from google.protobuf.json_format import ParseDict
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.services.needs import need
from tests.services.ports import free_port, is_open
from tests.services.processes import serve
from tests.services.spans import Span, spans_in

# 127.0.0.1 is never behind the proxy that the environment may name.
_direct = build_opener(ProxyHandler({}))


class Agent:
    """Receives OTLP over gRPC and HTTP while it is entered.

    Skips the test, or fails it, as `need` does if it is not installed.
    """

    def __init__(self) -> None:
        self.grpc_endpoint = self.http_endpoint = ""
        self._running = ExitStack()

    def __enter__(self) -> Self:
        remedy = "python3 -m venv .venv-services && .venv-services/bin/pip install {}"
        binary = need("ddapm-test-agent", "ddapm-test-agent", remedy)
        self._running = serve(lambda folder: self._command(binary, folder), lambda _: self._answers())
        return self

    def __exit__(self, *_: object) -> None:
        self._running.close()

    def spans(self) -> Iterator[Span]:
        """What it has received so far, by request; it has everything when an exporter has returned."""
        with _direct.open(f"{self.http_endpoint}/test/session/traces", timeout=5) as response:
            for request in json.load(response):
                yield from spans_in(ParseDict(request, ExportTraceServiceRequest()))

    def _command(self, binary: str, folder: Path) -> list[str]:
        own, http, grpc = (free_port() for _ in range(3))
        self.grpc_endpoint, self.http_endpoint = f"http://127.0.0.1:{grpc}", f"http://127.0.0.1:{http}"
        return [
            binary,
            "--host=127.0.0.1",
            f"--port={own}",
            f"--otlp-http-port={http}",
            f"--otlp-grpc-port={grpc}",
            f"--snapshot-dir={folder}",
            f"--vcr-cassettes-directory={folder}",
            "--disable-llmobs-data-forwarding",
        ]

    def _answers(self) -> bool:
        try:
            return list(self.spans()) == [] and is_open(self.grpc_endpoint)
        except OSError:
            return False
