"""Switched on by `opentelemetry-instrument`, like the instrumentation of any library."""

from __future__ import annotations

import os
from collections.abc import Collection
from typing import Any

try:
    from opentelemetry.instrumentation.instrumentor import BaseInstrumentor  # type: ignore[attr-defined] # untyped
except ImportError as error:
    raise ImportError("RetoldInstrumentor needs the extra: retold[instrument]") from error

from retold import catalogue, settings
from retold.exporter import Exporter


class RetoldInstrumentor(BaseInstrumentor):  # type: ignore[misc] # untyped
    """Adds the exporter `opentelemetry` to the exporters that are chosen, or takes it away again.

    `RETOLD_EXPORTERS=none` remains nothing at all, and what the application configures later, in code, replaces this.
    `instrument` takes the options of the exporter `OpenTelemetry`, such as `tracer_provider` or `attempt_spans`.
    """

    def instrumentation_dependencies(self) -> Collection[str]:
        return ()  # what is instrumented comes with it

    def _instrument(self, **options: Any) -> None:
        if os.environ.get(settings.VARIABLE, "").strip() == "none":
            return
        settings.configure(exporters=[_exporter(options), *_others()])

    def _uninstrument(self, **_: Any) -> None:
        settings.configure(exporters=_others())


def _exporter(options: dict[str, Any]) -> Exporter:
    if not options:
        return catalogue.named("opentelemetry")
    from retold.exporters.opentelemetry import OpenTelemetry

    return OpenTelemetry(**options)


def _others() -> list[Exporter]:
    return [exporter for exporter in settings.exporters_now() if exporter.name != "opentelemetry"]
