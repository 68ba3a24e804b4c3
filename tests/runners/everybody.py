"""Every exporter that is built in, but for `memory`, which is there to keep what it is told."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager
from io import StringIO
from typing import Any, NoReturn

import structlog
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from prometheus_client import CollectorRegistry

from retold import Exporter
from retold.events import AttemptEnded
from retold.exporters.console import Console
from retold.exporters.logging import Logging
from retold.exporters.opentelemetry import OpenTelemetry
from retold.exporters.prometheus import Prometheus
from retold.exporters.structlog import Structlog


class Unkept(StringIO):
    """A stream into nowhere."""

    def write(self, text: str, /) -> int:
        return len(text)


class Failing(Exporter):
    """Raises whenever it is told of a failure, which so becomes the context of what it raises."""

    name = "failing"
    live = True

    def attempt_ended(self, state: object, event: AttemptEnded) -> None:
        raise RuntimeError


def _tracers() -> TracerProvider:
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SpanProcessor())
    return provider


def _meters() -> MeterProvider:
    return MeterProvider([InMemoryMetricReader()], shutdown_on_exit=False)


EXPORTERS: dict[str, Callable[[], Exporter]] = {
    "prometheus": lambda: Prometheus(CollectorRegistry()),
    "spans": lambda: OpenTelemetry(tracer_provider=_tracers(), metrics=False),
    "metrics": lambda: OpenTelemetry(meter_provider=_meters(), metrics=True),
    "details": lambda: OpenTelemetry(tracer_provider=_tracers(), metrics=False, exception_details="full"),
    "logging": Logging,
    "structlog": Structlog,
    "console": lambda: Console(Unkept()),
    "failing": Failing,
}


@contextmanager
def unkept_lines() -> Iterator[None]:
    """Every line is made, and kept by nobody; pytest would keep it."""

    def drop(record: logging.LogRecord) -> bool:
        return False

    def drop_event(line: object, level: str, event: MutableMapping[str, Any]) -> NoReturn:
        raise structlog.DropEvent

    logger = logging.getLogger("retold")
    logger.setLevel(logging.DEBUG)
    logger.addFilter(drop)
    structlog.configure(processors=[drop_event])
    yield
    structlog.reset_defaults()
    logger.removeFilter(drop)
    logger.setLevel(logging.NOTSET)
