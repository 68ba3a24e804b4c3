"""A real endpoint of Retold's metrics, in threads of this process."""

import threading
from collections.abc import Iterable
from typing import Self

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

import retold
from retold.exporters.prometheus import Prometheus


class Served(Collector):
    """Serves what is called while it is entered.

    Args:
        port: Where; 0 is any free one.

    Attributes:
        asked: Set when somebody has asked.
    """

    def __init__(self, port: int = 0) -> None:
        self._port = port
        self.asked = threading.Event()

    def collect(self) -> Iterable[Metric]:
        """Part of every scrape, which gives it nothing."""
        self.asked.set()
        return ()

    def __enter__(self) -> Self:
        registry = CollectorRegistry()
        registry.register(self)
        self._configured = retold.configure(exporters=[Prometheus(registry)])
        self._configured.__enter__()
        self._server, self._thread = start_http_server(self._port, "127.0.0.1", registry)
        self.url = f"http://127.0.0.1:{self._server.server_port}/metrics"
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        self._configured.__exit__(None, None, None)
