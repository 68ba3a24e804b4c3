"""OpenTelemetry's Prometheus reader and our collector in one registry: every number is served once."""

import sys
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from prometheus_client import CollectorRegistry, generate_latest

import retold
from retold import Exporter, RetoldWarning
from retold.exporters import _doubles
from retold.exporters.opentelemetry import OpenTelemetry
from retold.exporters.prometheus import Prometheus
from tests.forms import Failing


class Backends:
    """One registry with a reader of OpenTelemetry's, and the exporters that could both serve through it."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.reader = PrometheusMetricReader(registry=self.registry)
        self.meters = MeterProvider([self.reader], shutdown_on_exit=False)

    def otel(self, **options: Any) -> Exporter:
        return OpenTelemetry(meter_provider=self.meters, **options)

    def close(self) -> None:
        self.meters.shutdown()


@pytest.fixture
def backends() -> Iterator[Backends]:
    _doubles._warned = False
    made = Backends()
    yield made
    made.close()


def fetch() -> None:
    retold.Policy(on=OSError, backoff=0, operation="shop.fetch").call(Failing(OSError, "page"))


def calls_served(registry: CollectorRegistry) -> float:
    """The sum that a dashboard would show."""
    lines = generate_latest(registry).decode().splitlines()
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith("retold_calls_total{"))


@pytest.mark.parametrize("ours_first", [True, False])
def test_a_registry_with_both_has_every_call_once_and_says_so_once(backends: Backends, *, ours_first: bool) -> None:
    exporters = [backends.otel(metrics=True), Prometheus(backends.registry)]

    with retold.configure(exporters=exporters[:: -1 if ours_first else 1]):
        fetch()
        with pytest.warns(RetoldWarning, match="would double: leave out that exporter") as caught:
            first = calls_served(backends.registry)
        second = calls_served(backends.registry)

    assert (first, second, len(caught)) == (1, 1, 1)
    assert 'otel_scope_name="retold"' in generate_latest(backends.registry).decode()


def test_a_collector_that_stayed_in_the_registry_doubles_nothing(backends: Backends) -> None:
    with retold.configure(exporters=[Prometheus(backends.registry)]):
        pass

    with retold.configure(exporters=[backends.otel()]):
        fetch()
        with pytest.warns(RetoldWarning):
            assert calls_served(backends.registry) == 1


def test_ours_serves_where_opentelemetry_has_traces_only(backends: Backends) -> None:
    with retold.configure(exporters=[backends.otel(), Prometheus(backends.registry)]), warnings.catch_warnings():
        fetch()

        assert calls_served(backends.registry) == 1
        assert "otel_scope_name" not in generate_latest(backends.registry).decode()


def test_ours_serves_where_the_reader_is_in_another_registry(backends: Backends) -> None:
    other = CollectorRegistry()

    with retold.configure(exporters=[backends.otel(metrics=True), Prometheus(other)]):
        fetch()

        assert (calls_served(other), calls_served(backends.registry)) == (1, 1)


def test_ours_serves_where_the_reader_belongs_to_a_provider_without_our_metrics(backends: Backends) -> None:
    elsewhere = MeterProvider([InMemoryMetricReader()], shutdown_on_exit=False)

    with retold.configure(
        exporters=[OpenTelemetry(meter_provider=elsewhere, metrics=True), Prometheus(backends.registry)]
    ):
        fetch()

        assert calls_served(backends.registry) == 1
    elsewhere.shutdown()


def test_ours_serves_where_opentelemetry_is_not_loaded(backends: Backends, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "retold.exporters._instruments")

    with retold.configure(exporters=[Prometheus(backends.registry)]):
        fetch()

        assert calls_served(backends.registry) == 1


def test_readers_are_found_where_older_sdks_keep_them() -> None:
    class Config:
        metric_readers = ("reader",)

    class Older:
        _sdk_config = Config()

    assert _doubles.readers_of(Older()) == ("reader",)
    assert _doubles.readers_of(object()) == ()
