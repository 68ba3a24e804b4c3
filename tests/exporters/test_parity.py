"""Prometheus gets the same samples, whether our collector or OpenTelemetry's reader for Prometheus serves them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

import pytest
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.sdk.metrics import MeterProvider
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.openmetrics import exposition, parser
from prometheus_client.parser import text_string_to_metric_families

import retold
from retold import Budget, CallEnded, Exporter, Policy, telemetry
from retold.exporters.opentelemetry import OpenTelemetry
from retold.exporters.prometheus import Prometheus
from retold.testing import ManualClock
from tests.budgets import spent
from tests.forms import FORMS, Failing
from tests.plans import FALLBACKS, Interrupt

Samples: TypeAlias = dict[tuple[str, frozenset[tuple[str, str]]], float]
Families: TypeAlias = dict[str, tuple[str, str, Samples]]
"""By name: the type, the help and the samples."""


class Broken(Exporter):
    """Has a failure to count."""

    name = "broken"

    def call_ended(self, state: object, event: CallEnded) -> None:
        raise RuntimeError


class Paths:
    """Both ways to Prometheus, with registries of their own."""

    def __init__(self) -> None:
        self.native, self.through_opentelemetry = CollectorRegistry(), CollectorRegistry()
        self._meters = MeterProvider(
            [PrometheusMetricReader(registry=self.through_opentelemetry)], shutdown_on_exit=False
        )
        self._prometheus = Prometheus(self.native)
        metrics = OpenTelemetry(meter_provider=self._meters, metrics=True)
        self.exporters = [self._prometheus, metrics, Broken()]

    def close(self) -> None:
        self._prometheus.close()
        self._meters.shutdown()


@pytest.fixture
def paths() -> Iterator[Paths]:
    made = Paths()
    with retold.configure(exporters=made.exporters):
        yield made
    made.close()


def scenario(budget: Budget) -> None:
    """Calls that end in every way, in every form, some of an operation too many and with an error type too many."""
    for number, form in enumerate(FORMS):
        for turns in ((OSError, "page"), ("page",), ("", "page"), (TimeoutError,), (ValueError,), (Interrupt,)):
            clock = ManualClock()
            policy = Policy(
                on=OSError,
                on_result=lambda page: page == "",
                attempts=3,
                backoff=0.25,
                timeout=0.5,
                operation=f"shop.{number % 3}",
                clock=clock,
            )
            try:
                form.perform(policy.replace(timeout=None) if number % 2 else policy, Failing(*turns))
            except (OSError, ValueError, Interrupt):
                continue
    for form in FALLBACKS:
        form.perform(Policy(on=OSError, attempts=1, operation="shop.0", fallback=None), Failing(OSError))
        form.perform(Policy(on=OSError, operation="shop.0", fallback=None, budget=budget), Failing(OSError))
    for number in range(telemetry.MAX_OPERATIONS + 3):
        Policy(on=OSError, operation=f"many.{number}").call(Failing("page"))
    for number in range(telemetry.MAX_ERROR_TYPES + 2):
        kind = type(f"Error{number}", (OSError,), {"__module__": "shop"})
        Policy(on=OSError, backoff=0, operation="shop.1").call(Failing(kind, "page"))


def in_text(registry: CollectorRegistry) -> Families:
    """What the text format says."""
    text = generate_latest(registry).decode()
    return {
        family.name: (family.type, family.documentation, _samples(family.samples))
        for family in text_string_to_metric_families(text)
        if family.name != "target_info" and not family.name.endswith("_created")
    }


def in_openmetrics(registry: CollectorRegistry) -> Families:
    """What the OpenMetrics format says."""
    text = exposition.generate_latest(registry).decode()  # type: ignore[no-untyped-call]
    return {
        family.name: (family.type, family.documentation, _samples(family.samples))
        for family in parser.text_string_to_metric_families(text)  # type: ignore[no-untyped-call]
        if family.name != "target"
    }


def _samples(samples: Any) -> Samples:
    return {
        (sample.name, frozenset(item for item in sample.labels.items() if not item[0].startswith("otel_scope_"))): (
            sample.value
        )
        for sample in samples
        if not sample.name.endswith("_created")
    }


@pytest.mark.parametrize("read", [in_text, in_openmetrics])
def test_both_paths_give_the_same_families_with_the_same_samples(paths: Paths, read: Any) -> None:
    budget = spent()
    scenario(budget)

    native, through_opentelemetry = read(paths.native), read(paths.through_opentelemetry)

    assert set(native) == {metric.prometheus_name for metric in telemetry.METRICS}
    assert set(through_opentelemetry) == set(native)
    for name, family in native.items():
        assert through_opentelemetry[name] == family, name
    labels = {value for _, _, samples in native.values() for _, pairs in samples for _, value in pairs}
    assert {"_OTHER", "broken", "cancelled", "rejected", "deadline_exceeded", budget.name} <= labels


def test_both_paths_give_the_same_before_the_first_call(paths: Paths) -> None:
    retold.register("shop.fetch")

    native, through_opentelemetry = in_text(paths.native), in_text(paths.through_opentelemetry)

    with_samples = {name: family for name, family in native.items() if family[2]}
    assert {name: family for name, family in through_opentelemetry.items() if family[2]} == with_samples
    assert ("retold_calls_total", 0.0) in {
        (name, value) for _, _, samples in with_samples.values() for (name, _), value in samples.items()
    }
