"""Real runs of Retold, and what they serve: by the client of Prometheus, and by OpenTelemetry's exporter for it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.sdk.metrics import MeterProvider
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics

import retold
from retold.cli.exposition import samples
from retold.cli.top.reading import Reading, read
from retold.exporters.opentelemetry import OpenTelemetry
from retold.exporters.prometheus import Prometheus
from retold.testing import ManualClock

Serving: TypeAlias = Callable[[], str]


@contextmanager
def natively() -> Iterator[Serving]:
    """While it is entered, calls are counted by the exporter `prometheus`."""
    registry = CollectorRegistry()
    with retold.configure(exporters=[Prometheus(registry)]):
        yield lambda: generate_latest(registry).decode()


@contextmanager
def as_openmetrics() -> Iterator[Serving]:
    """The same, served with exemplars."""
    registry = CollectorRegistry()
    with retold.configure(exporters=[Prometheus(registry)]):
        yield lambda: generate_openmetrics(registry).decode()  # type: ignore[no-untyped-call]


@contextmanager
def through_opentelemetry() -> Iterator[Serving]:
    """While it is entered, calls are counted by the OpenTelemetry SDK."""
    registry = CollectorRegistry()
    meters = MeterProvider([PrometheusMetricReader(registry=registry)], shutdown_on_exit=False)
    with retold.configure(exporters=[OpenTelemetry(meter_provider=meters)]):
        yield lambda: generate_latest(registry).decode()
    meters.shutdown()


WAYS = (natively, as_openmetrics, through_opentelemetry)


def call(
    failures: int,
    operation: str = "shop.fetch",
    error: type[Exception] = OSError,
    budget: retold.Budget | None = None,
) -> None:
    """One call of three attempts at most, the first of which fail; each wait takes two seconds."""
    left = failures

    def work() -> str:
        nonlocal left
        if left:
            left -= 1
            raise error
        return "page"

    policy = retold.Policy(on=Exception, attempts=3, backoff=2, operation=operation, clock=ManualClock(), budget=budget)
    policy.run(work)


def reading(text: str) -> Reading:
    return read(samples(text, "retold_"))
