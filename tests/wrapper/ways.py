"""One choice of exporters for each way in which a wrapper listens, and what was heard of a call."""

from __future__ import annotations

from collections.abc import Callable
from io import StringIO
from typing import Any

from prometheus_client import CollectorRegistry

from retold import Exporter, telemetry
from retold.exporters.console import Console
from retold.exporters.prometheus import Prometheus
from retold.journal import JOURNAL, Distribution
from retold.testing import MemoryExporter

NAMES = ["quiet", "timed", "counted", "told", "wanted", "declined", "declined and counted"]
SILENT = ("quiet", "declined")
COUNTED = ("counted", "declined and counted")
TOLD = ("told", "wanted")
OTHERS = {"timed", *TOLD}
"""Ways whose exporters say themselves what they heard; the journal is shared by all that count."""


class Asked(MemoryExporter):
    """Asked at every call whether it wants to be told."""

    def __init__(self, *, wants: bool) -> None:
        super().__init__()
        self.wants = wants

    def wants_call(self) -> bool:
        return self.wants


class Choice:
    """Exporters that hear every call, or its failures, in one way.

    Attributes:
        exporters: For `configure`.
    """

    def __init__(self, way: str) -> None:
        self.way = way
        self._memory = MemoryExporter() if way == "told" else Asked(wants=way == "wanted")
        self._stream = StringIO()
        made: dict[str, Callable[[], list[Exporter]]] = {
            "quiet": list,
            "timed": lambda: [Console(self._stream)],
            "counted": lambda: [Prometheus(CollectorRegistry())],
            "told": lambda: [self._memory],
            "wanted": lambda: [self._memory],
            "declined": lambda: [self._memory],
            "declined and counted": lambda: [self._memory, Prometheus(CollectorRegistry())],
        }
        self.exporters = made[way]()

    def heard(self, operation: str) -> tuple[int, int, int]:
        """How many calls, attempts that failed and retries these exporters heard of."""
        if self.way == "timed":
            lines = self._stream.getvalue().splitlines()
            ends = sum(" after " in line for line in lines)
            retries = len(lines) - ends
            return ends, retries + sum("ended as" in line for line in lines), retries
        if self.way in (*TOLD, "declined"):
            failed = sum(attempt.error_type is not None for attempt in self._memory.attempts)
            return len(self._memory.calls), failed, len(self._memory.retries)
        return counted(operation)

    def expected(self, failures: int, *, gave_up: bool) -> tuple[int, int, int]:
        """What these must have heard of one call."""
        if self.way in SILENT or (self.way == "timed" and not failures):
            return 0, 0, 0
        return 1, failures, failures - gave_up


def counted(operation: str) -> tuple[int, int, int]:
    """What the journal counts: calls, failed attempts and retries. None is under way."""
    totals = JOURNAL.collect()
    for gauge in (telemetry.CALL_ACTIVE, telemetry.CALL_WAITING):
        assert set(totals[gauge].values()) <= {0}
    return (
        _sum(totals, telemetry.CALLS, operation),
        _sum(totals, telemetry.ATTEMPT_FAILURES, operation),
        sum(sum(value.counts) for value in totals[telemetry.RETRY_DELAYS].values() if isinstance(value, Distribution)),
    )


def _sum(totals: Any, metric: telemetry.Metric, operation: str) -> int:
    return sum(value for labels, value in totals[metric].items() if labels[0] == operation)
