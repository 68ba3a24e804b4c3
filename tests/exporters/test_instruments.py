"""The metrics on OpenTelemetry: every name of the contract, exact counts, told on one path."""

import gc
from typing import Any
from weakref import ref

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import Gauge, Histogram, InMemoryMetricReader, Metric, Sum
from prometheus_client import CollectorRegistry

import retold
from retold import Budget, Policy
from retold.exporters._instruments import Instruments
from retold.exporters.opentelemetry import OpenTelemetry
from retold.exporters.prometheus import Prometheus
from retold.journal import FOLD_AT, JOURNAL, tape
from retold.journal.tape import LIMIT
from retold.testing import ManualClock
from tests.exporters.sdk import Sdk, metrics_of, points_of
from tests.exporters.unread import compare
from tests.forms import Failing
from tests.subprocesses import run

DURATIONS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)
# Name, unit, type, bucket bounds, keys: the table of the contract, written out.
CONTRACT = [
    ("retold.calls", "{call}", Sum, None, "operation outcome retried"),
    ("retold.call.duration", "s", Histogram, DURATIONS, "operation outcome"),
    ("retold.call.attempts", "{attempt}", Histogram, (0, 1, 2, 3, 4, 5, 7, 10, 15, 25), "operation outcome"),
    ("retold.call.active", "{call}", Gauge, None, "operation"),
    ("retold.call.waiting", "{call}", Gauge, None, "operation"),
    ("retold.attempts", "{attempt}", Sum, None, "operation attempt.outcome"),
    ("retold.attempt.duration", "s", Histogram, DURATIONS, "operation attempt.outcome"),
    ("retold.attempt.failures", "{failure}", Sum, None, "operation error.type"),
    ("retold.retry.delay", "s", Histogram, DURATIONS[1:], "operation"),
    ("retold.nested_retries", "{call}", Sum, None, "operation"),
    ("retold.give_ups", "{give_up}", Sum, None, "operation outcome"),
    ("retold.fallbacks", "{call}", Sum, None, "operation"),
    ("retold.policy.max_attempts", "{attempt}", Gauge, None, "operation"),
    ("retold.budget.available", "{retry}", Gauge, None, "budget"),
    ("retold.budget.capacity", "{retry}", Gauge, None, "budget"),
    ("retold.budget.degraded", "{budget}", Gauge, None, "budget"),
    ("retold.budget.denials", "{denial}", Sum, None, "budget"),
    ("retold.exporter.failures", "{failure}", Sum, None, "exporter"),
    ("retold.label.overflows", "{overflow}", Sum, None, "label"),
]


def policy(clock: ManualClock, **options: Any) -> Policy[Any]:
    given: dict[str, Any] = {"on": OSError, "attempts": 3, "backoff": 2, "operation": "shop.fetch", "clock": clock}
    return Policy(**given | options)


def value(metric: Metric, **labels: Any) -> Any:
    """The value of the one series with these labels, `_` for a dot and without `retold.`."""
    wanted = {key if key == "error.type" else f"retold.{key}": label for key, label in labels.items()}
    [point] = [point for key, point in points_of(metric).items() if wanted.items() <= dict(key).items()]
    return point.count if isinstance(metric.data, Histogram) else point.value


def test_every_metric_of_the_contract_is_there_and_no_other(sdk: Sdk, clock: ManualClock) -> None:
    shop = policy(clock, fallback=None, budget=Budget("shop"))
    shop.call(Failing(OSError))

    told = metrics_of(sdk.reader)

    assert sorted(told) == sorted(name for name, *_ in CONTRACT)


@pytest.mark.parametrize(("name", "unit", "kind", "bounds", "keys"), CONTRACT, ids=[row[0] for row in CONTRACT])
def test_a_metric_has_the_unit_type_buckets_and_labels_of_the_contract(
    sdk: Sdk, clock: ManualClock, name: str, unit: str, kind: type, bounds: tuple[float, ...] | None, keys: str
) -> None:
    shop = policy(clock, budget=Budget("shop"))
    shop.call(Failing(OSError, "page"))

    metric = metrics_of(sdk.reader)[name]

    points: list[Any] = list(metric.data.data_points)
    assert (metric.unit, type(metric.data), bool(metric.description)) == (unit, kind, True)
    assert {getattr(point, "explicit_bounds", None) for point in points} == {bounds}
    wanted = {key if key == "error.type" else f"retold.{key}" for key in keys.split()}
    assert all(set(point.attributes or {}) == wanted for point in points)
    if isinstance(metric.data, Sum):
        assert metric.data.is_monotonic


def test_the_booleans_of_labels_are_booleans(sdk: Sdk, clock: ManualClock) -> None:
    policy(clock).call(Failing("page"))

    points = metrics_of(sdk.reader)["retold.calls"].data.data_points

    assert {type((point.attributes or {})["retold.retried"]) for point in points} == {bool}


def test_counters_are_at_0_before_the_first_call(sdk: Sdk) -> None:
    @retold.retry(on=OSError, operation="shop.fetch")
    def fetch() -> str:
        return "page"

    told = metrics_of(sdk.reader)

    for name, series in {
        "retold.calls": 16,
        "retold.attempts": 4,
        "retold.give_ups": 4,
        "retold.fallbacks": 1,
        "retold.call.active": 1,
        "retold.call.waiting": 1,
        "retold.exporter.failures": 1,
        "retold.label.overflows": 2,
    }.items():
        assert [point.value for point in told[name].data.data_points] == [0] * series  # type: ignore[union-attr]
    assert not any(isinstance(metric.data, Histogram) for metric in told.values())
    assert value(told["retold.policy.max_attempts"]) == 3


def test_the_numbers_are_those_of_the_calls(sdk: Sdk, clock: ManualClock) -> None:
    with pytest.raises(OSError):
        policy(clock).call(Failing(OSError))
    policy(clock).call(Failing(OSError, "page"))
    policy(clock).call(Failing("page"))

    told = metrics_of(sdk.reader)

    assert value(told["retold.calls"], outcome="attempts_exhausted", retried=True) == 1
    assert value(told["retold.calls"], outcome="success", retried=True) == 1
    assert value(told["retold.calls"], outcome="success", retried=False) == 1
    assert value(told["retold.attempts"], **{"attempt.outcome": "error"}) == 4
    assert value(told["retold.attempts"], **{"attempt.outcome": "success"}) == 2
    assert value(told["retold.attempt.failures"], **{"error.type": "OSError"}) == 4
    assert value(told["retold.give_ups"], outcome="attempts_exhausted") == 1
    [delays] = told["retold.retry.delay"].data.data_points
    assert (delays.count, delays.sum) == (3, 6.0)  # type: ignore[union-attr]


def test_two_readers_see_every_histogram_value_once(clock: ManualClock) -> None:
    one, two = InMemoryMetricReader(), InMemoryMetricReader()
    meters = MeterProvider([one, two], shutdown_on_exit=False)

    with retold.configure(exporters=[OpenTelemetry(meter_provider=meters)]):
        policy(clock).call(Failing(OSError, "page"))
        first = metrics_of(one)
        second = metrics_of(two)
        policy(clock).call(Failing("page"))
        third = metrics_of(two)
        fourth = metrics_of(one)

    counts = [value(told["retold.call.duration"], outcome="success") for told in (first, second, third, fourth)]
    assert counts == [1, 1, 2, 2]
    assert [value(told["retold.attempts"], **{"attempt.outcome": "success"}) for told in (first, second)] == [1, 1]
    meters.shutdown()


def test_nothing_is_lost_when_nobody_collects_for_long() -> None:
    """10^5 calls, in a process of its own and without coverage, which would take ten times as long."""
    done = run("from tests.exporters.unread import compare; print(compare(100_000))", untraced=True)

    assert LIMIT <= int(done.out) < LIMIT + FOLD_AT


def test_nothing_is_lost_when_the_tape_is_short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tape, "LIMIT", 500)

    assert 500 <= compare(2000) < 500 + FOLD_AT


def test_nothing_is_kept_for_a_meter_provider_that_is_gone() -> None:
    meters = MeterProvider([InMemoryMetricReader()], shutdown_on_exit=False)
    exporter = OpenTelemetry(meter_provider=meters)
    kept = ref(Instruments.of(meters, exporter, always=False)._tape)
    assert kept() in JOURNAL._followers.all
    meters.shutdown()

    del exporter, meters
    gc.collect()

    assert kept() is None


@pytest.mark.parametrize(
    ("metrics", "alone", "beside"), [(None, True, False), (True, True, True), (False, False, False)]
)
def test_one_path_carries_the_metrics_unless_both_are_asked_for(
    clock: ManualClock, *, metrics: bool | None, alone: bool, beside: bool
) -> None:
    sdk = Sdk()
    exporter = sdk.exporter(metrics=metrics)

    with retold.configure(exporters=[exporter]):
        policy(clock).call(Failing("page"))
        assert bool(metrics_of(sdk.reader)) is alone
    with retold.configure(exporters=[exporter, Prometheus(CollectorRegistry())]):
        policy(clock).call(Failing("page"))
        assert bool(value_of_calls(sdk)) is beside
    sdk.close()


def value_of_calls(sdk: Sdk) -> list[Any]:
    """What the reader is told of calls now."""
    told = metrics_of(sdk.reader)
    return list(told["retold.calls"].data.data_points) if "retold.calls" in told else []


def test_spans_go_on_while_prometheus_has_the_metrics(clock: ManualClock) -> None:
    sdk = Sdk()

    with retold.configure(exporters=[sdk.exporter(), Prometheus(CollectorRegistry())]):
        policy(clock).call(Failing("page"))

    assert len(sdk.spans) == 2
    sdk.close()


def test_a_second_exporter_on_a_provider_doubles_nothing(sdk: Sdk, clock: ManualClock) -> None:
    with retold.configure(exporters=[sdk.exporter(), sdk.exporter()]):
        policy(clock).call(Failing(OSError, "page"))
        told = metrics_of(sdk.reader)

    assert value(told["retold.calls"], outcome="success", retried=True) == 1
    assert value(told["retold.call.attempts"], outcome="success") == 1


def test_nothing_is_kept_while_nobody_will_ask(clock: ManualClock) -> None:
    meters = MeterProvider([InMemoryMetricReader()], shutdown_on_exit=False)
    exporter = OpenTelemetry(meter_provider=meters)
    kept = Instruments.of(meters, exporter, always=False)._tape
    fetch = Policy(on=OSError, operation="shop.fetch", clock=clock)

    for others in (
        [Prometheus(CollectorRegistry()), exporter],
        [OpenTelemetry(meter_provider=MeterProvider(shutdown_on_exit=False))],
    ):
        with retold.configure(exporters=others):
            fetch.call(Failing(OSError, "page"))
            JOURNAL.collect()
            assert kept.take() == []

    with retold.configure(exporters=[exporter]):
        fetch.call(Failing(OSError, "page"))
        JOURNAL.collect()
        assert kept.take() != []
    meters.shutdown()
