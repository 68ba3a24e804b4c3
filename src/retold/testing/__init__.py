"""What tests need: time that does not pass, events that are kept, and a check of exporters."""

from retold.exporters.memory import Memory as MemoryExporter
from retold.testing.clock import ManualClock
from retold.testing.conformance import check_exporter
from retold.testing.faults import ExporterFaults, Fault
from retold.testing.scoped import disabled, instant

__all__ = ["ExporterFaults", "Fault", "ManualClock", "MemoryExporter", "check_exporter", "disabled", "instant"]
