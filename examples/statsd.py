"""Calls and failed attempts as StatsD counters and timers, over UDP.

retold.configure(exporters=[StatsD("127.0.0.1", 8125)])
"""

from __future__ import annotations

import re
import socket

import retold


class StatsD(retold.Exporter):
    """Counts calls by outcome and failed attempts by error, and times calls; a packet that is lost is lost."""

    name = "statsd"

    def __init__(self, host: str = "127.0.0.1", port: int = 8125, *, prefix: str = "retold") -> None:
        self._prefix = prefix
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)  # a call must not wait for its telemetry
        self._socket.connect((host, port))

    def attempt_ended(self, state: None, event: retold.AttemptEnded) -> None:
        if event.error_type is not None:
            self._send(event.operation, f"failures.{event.error_type}", "1|c")

    def call_ended(self, state: None, event: retold.CallEnded) -> None:
        self._send(event.operation, f"calls.{event.outcome}", "1|c")
        self._send(event.operation, "duration", f"{event.duration * 1000:.3f}|ms")

    def close(self) -> None:
        self._socket.close()

    def _send(self, operation: str, what: str, value: str) -> None:
        name = re.sub("[^A-Za-z0-9_.-]", "_", f"{self._prefix}.{operation}.{what}")
        try:
            self._socket.send(f"{name}:{value}".encode())
        except (BlockingIOError, ConnectionRefusedError):
            return  # nobody listens, or not fast enough: UDP promises nothing
