"""An OTLP receiver inside the test's own process, over gRPC and over HTTP."""

import gzip
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Condition, Thread
from typing import Any, Self, TypeAlias

import grpc
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric

from tests.services.spans import Span, spans_in

__all__ = ["OtlpSink", "Span", "metrics_in"]

_Request: TypeAlias = ExportTraceServiceRequest | ExportMetricsServiceRequest | ExportLogsServiceRequest

_PATHS: dict[str, type[_Request]] = {
    "/v1/traces": ExportTraceServiceRequest,
    "/v1/metrics": ExportMetricsServiceRequest,
    "/v1/logs": ExportLogsServiceRequest,
}
_SERVICES: dict[str, type[_Request]] = {
    "opentelemetry.proto.collector.trace.v1.TraceService": ExportTraceServiceRequest,
    "opentelemetry.proto.collector.metrics.v1.MetricsService": ExportMetricsServiceRequest,
    "opentelemetry.proto.collector.logs.v1.LogsService": ExportLogsServiceRequest,
}
# In OTLP an empty answer says that everything was accepted.
_ACCEPTED = b""


class OtlpSink:
    """Listens on free ports from the moment it is built until it is closed.

    `grpc_endpoint` and `http_endpoint` are base addresses; over HTTP a signal's path, such as
    `/v1/traces`, is to be added. Traces and metrics are kept, logs only as bytes.
    """

    def __init__(self) -> None:
        self._arrived = Condition()
        self._bodies: list[bytes] = []
        self._spans: list[Span] = []
        self._metrics: list[Metric] = []

        self._workers = ThreadPoolExecutor(max_workers=4)
        self._grpc = grpc.server(self._workers, options=[("grpc.so_reuseport", 0)])
        self._grpc.add_generic_rpc_handlers([self._grpc_handler(*item) for item in _SERVICES.items()])
        self.grpc_endpoint = f"http://127.0.0.1:{self._grpc.add_insecure_port('127.0.0.1:0')}"
        self._grpc.start()

        self._http = _HttpServer(("127.0.0.1", 0), partial(_HttpHandler, self._receive))
        self.http_endpoint = f"http://127.0.0.1:{self._http.server_port}"
        self._http_thread = Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02})
        self._http_thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop listening and end every thread; what was received stays readable."""
        self._http.shutdown()
        self._http_thread.join()
        self._http.server_close()
        self._grpc.stop(grace=None).wait()
        self._workers.shutdown()

    def spans(self) -> list[Span]:
        """Return the spans received so far, in order of arrival."""
        with self._arrived:
            return list(self._spans)

    def metrics(self) -> list[Metric]:
        """Return the metrics received so far, in order of arrival."""
        with self._arrived:
            return list(self._metrics)

    def metric_names(self) -> set[str]:
        """Return the names of the metrics received so far."""
        return {metric.name for metric in self.metrics()}

    def requests_raw(self) -> bytes:
        """Return every request body received so far, decompressed: for finding what must not be there."""
        with self._arrived:
            return b"".join(self._bodies)

    def wait_for(self, n_spans: int, timeout: float = 30) -> list[Span]:
        """Return the spans once there are at least `n_spans`.

        Raises:
            TimeoutError: There were fewer after `timeout` seconds.
        """
        with self._arrived:
            if not self._arrived.wait_for(lambda: len(self._spans) >= n_spans, timeout):
                names = [span.name for span in self._spans]
                raise TimeoutError(f"{len(names)} of {n_spans} spans arrived within {timeout} s: {names}")
            return list(self._spans)

    def wait_for_metrics(self, names: set[str], timeout: float = 10) -> None:
        """Return once metrics of all these names have arrived.

        Raises:
            TimeoutError: Some had not after `timeout` seconds.
        """
        with self._arrived:
            if not self._arrived.wait_for(lambda: names <= self.metric_names(), timeout):
                raise TimeoutError(f"within {timeout} s there arrived no {names - self.metric_names()}")

    def _grpc_handler(self, service: str, kind: type[_Request]) -> grpc.GenericRpcHandler:
        def export(body: bytes, _: grpc.ServicerContext) -> bytes:
            self._receive(kind, body)
            return _ACCEPTED

        return grpc.method_handlers_generic_handler(service, {"Export": grpc.unary_unary_rpc_method_handler(export)})

    def _receive(self, kind: type[_Request], body: bytes) -> None:
        request = kind.FromString(body)
        with self._arrived:
            self._bodies.append(body)
            match request:
                case ExportTraceServiceRequest():
                    self._spans.extend(spans_in(request))
                case ExportMetricsServiceRequest():
                    self._metrics.extend(metrics_in(request))
                case ExportLogsServiceRequest():
                    pass
            self._arrived.notify_all()


class _HttpServer(ThreadingHTTPServer):
    # Only threads that are no daemons are joined by `server_close`.
    daemon_threads = False


class _HttpHandler(BaseHTTPRequestHandler):
    timeout = 5

    def __init__(self, receive: Callable[[type[_Request], bytes], None], *args: Any) -> None:
        self._receive = receive
        super().__init__(*args)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(self._status_of(body))
        self.send_header("Content-Type", "application/x-protobuf")
        self.send_header("Content-Length", str(len(_ACCEPTED)))
        self.end_headers()
        self.wfile.write(_ACCEPTED)

    def _status_of(self, body: bytes) -> HTTPStatus:
        if self.path not in _PATHS:
            return HTTPStatus.NOT_FOUND
        try:
            is_gzip = self.headers.get("Content-Encoding") == "gzip"
            self._receive(_PATHS[self.path], gzip.decompress(body) if is_gzip else body)
        except (DecodeError, gzip.BadGzipFile, EOFError):
            return HTTPStatus.BAD_REQUEST
        return HTTPStatus.OK

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the base class's name)
        """Say nothing: a test's output is its own."""


def metrics_in(request: ExportMetricsServiceRequest) -> Iterator[Metric]:
    """The metrics of one export."""
    for of_resource in request.resource_metrics:
        for of_scope in of_resource.scope_metrics:
            yield from of_scope.metrics
