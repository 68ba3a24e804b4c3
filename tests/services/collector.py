"""A real OTLP collector, rotel, between us and a sink."""

import sysconfig
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path
from typing import Self

from tests.services.needs import need
from tests.services.otlp import OtlpSink
from tests.services.ports import free_port, is_open
from tests.services.processes import serve


class Collector:
    """Takes OTLP over gRPC and HTTP while it is entered, and hands it on to `sink` by one of both, in batches.

    Skips the test, or fails it, as `need` does if it is not installed.
    """

    def __init__(self, sink: OtlpSink, protocol: str) -> None:
        self.grpc_endpoint = self.http_endpoint = ""
        self._onward = (protocol, sink.grpc_endpoint if protocol == "grpc" else sink.http_endpoint)
        self._running = ExitStack()

    def __enter__(self) -> Self:
        self._running = serve(self._command, lambda _: self._answers())
        return self

    def __exit__(self, *_: object) -> None:
        self._running.close()

    def _command(self, folder: Path) -> list[str]:
        package = find_spec("rotel")
        beside = Path(package.origin).parent if package is not None and package.origin is not None else folder
        binary = need("rotel-agent", "rotel", "pip install {}", beside)
        grpc, http = (f"127.0.0.1:{free_port()}" for _ in range(2))
        self.grpc_endpoint, self.http_endpoint = f"http://{grpc}", f"http://{http}"
        protocol, endpoint = self._onward
        # It is linked to the library of the Python that it was made for, which may be where only that one looks.
        return [
            "env",
            f"LD_LIBRARY_PATH={sysconfig.get_config_var('LIBDIR')}",
            binary,
            "start",
            f"--otlp-grpc-endpoint={grpc}",
            f"--otlp-http-endpoint={http}",
            "--exporter=otlp",
            f"--otlp-exporter-protocol={protocol}",
            f"--otlp-exporter-endpoint={endpoint}",
            "--batch-timeout=50ms",
            f"--pid-file={folder / 'pid'}",
            f"--log-file={folder / 'agent-log'}",
        ]

    def _answers(self) -> bool:
        return is_open(self.grpc_endpoint) and is_open(self.http_endpoint)
