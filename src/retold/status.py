"""What is set and what is known in this process, for those who look at it from outside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from retold import settings, telemetry
from retold.exporter import Exporter
from retold.journal import JOURNAL
from retold.runners import audience


@dataclass(frozen=True, slots=True)
class Status:
    """One moment of a process.

    Attributes:
        exporters: Who is told.
        operations: What has metrics of its own, at most `max_operations`.
        failures: How often each exporter's code raised.
    """

    exporters: tuple[Exporter, ...]
    operations: tuple[str, ...]
    max_operations: int
    failures: Mapping[str, int]


def status() -> Status:
    """The status now. Does what a call would: chooses exporters where nobody has, and wakes those that can be."""
    settings.ensure()
    exporters = audience.current().exporters
    totals = JOURNAL.collect()
    failures = {str(name): cast("int", count) for (name,), count in totals[telemetry.EXPORTER_FAILURES].items()}
    operations = tuple(str(name) for (name,) in totals[telemetry.FALLBACKS])
    return Status(exporters, operations, JOURNAL.max_operations, failures)
