"""The metrics as plain numbers, whichever way they were read."""

from collections import Counter
from collections.abc import Mapping
from typing import TypeAlias

from opentelemetry.sdk.metrics.export import Histogram, InMemoryMetricReader
from prometheus_client import CollectorRegistry

from retold import AttemptEnded, CallEnded, RetryScheduled, telemetry
from retold.telemetry import label_name, label_value
from retold.testing import MemoryExporter
from tests.exporters.sdk import metrics_of

Numbers: TypeAlias = dict[tuple[str, ...], float]
"""By name and label values; of histograms the count and the sum, under `name count` and `name sum`. Without zeros."""


def told_to(memory: MemoryExporter, nested: Mapping[str, int] | None = None) -> Numbers:
    """What the metrics must be, counted from the events of the calls.

    Args:
        memory: What was told.
        nested: How many calls of each operation retried inside of others that retry, which no event says.
    """
    numbers: Counter[tuple[str, ...]] = Counter()
    for operation, calls in (nested or {}).items():
        numbers["retold.nested_retries", operation] += calls
    for event in memory.events:
        name = event.operation
        match event:
            case AttemptEnded(outcome=outcome, duration=seconds, error_type=error_type):
                numbers["retold.attempts", name, outcome] += 1
                numbers["retold.attempt.duration count", name, outcome] += 1
                numbers["retold.attempt.duration sum", name, outcome] += seconds  # type: ignore[assignment]
                if error_type is not None:
                    numbers["retold.attempt.failures", name, error_type] += 1
            case RetryScheduled(delay=delay):
                numbers["retold.retry.delay count", name] += 1
                numbers["retold.retry.delay sum", name] += delay  # type: ignore[assignment]
            case CallEnded(outcome=outcome, attempts=attempts, duration=seconds, retried=retried, fallback=fallback):
                numbers["retold.calls", name, outcome, label_value(retried)] += 1
                numbers["retold.call.duration count", name, outcome] += 1
                numbers["retold.call.duration sum", name, outcome] += seconds  # type: ignore[assignment]
                numbers["retold.call.attempts count", name, outcome] += 1
                numbers["retold.call.attempts sum", name, outcome] += attempts
                numbers["retold.give_ups", name, outcome] += outcome.is_give_up
                numbers["retold.fallbacks", name] += fallback
            case _:
                pass
    return {tuple(map(str, key)): value for key, value in numbers.items() if value}


def scraped_from(registry: CollectorRegistry) -> Numbers:
    """What a scrape of a registry gives."""
    numbers: Numbers = {}
    families = list(registry.collect())
    for metric in telemetry.METRICS:
        name, labels = metric.prometheus_name, [label_name(key) for key in metric.keys]
        suffixes = {f"{name}_total": "", name: "", f"{name}_count": " count", f"{name}_sum": " sum"}
        for family in families:
            for sample in family.samples:
                if sample.name in suffixes and sample.value and family.name == name:
                    key = f"{metric.name}{suffixes[sample.name]}"
                    numbers[key, *(sample.labels[label] for label in labels)] = sample.value
    return numbers


def collected_by(reader: InMemoryMetricReader) -> Numbers:
    """What a collection of an OpenTelemetry reader gives."""
    numbers: Numbers = {}
    told = metrics_of(reader)
    for metric in telemetry.METRICS:
        if metric.name not in told:
            continue
        data = told[metric.name].data
        for point in data.data_points:
            attributes = point.attributes or {}
            labels = [label_value(value) for key in metric.keys if isinstance(value := attributes[key], (str, bool))]
            if isinstance(data, Histogram):
                numbers[f"{metric.name} count", *labels] = point.count  # type: ignore[union-attr]
                numbers[f"{metric.name} sum", *labels] = point.sum  # type: ignore[union-attr]
            else:
                numbers[metric.name, *labels] = point.value  # type: ignore[union-attr]
    return {key: value for key, value in numbers.items() if value}


def sum_of(numbers: Numbers, name: str, *labels: str) -> float:
    """The sum over all series of a name which have these label values."""
    return sum(value for key, value in numbers.items() if key[0] == name and set(labels) <= set(key[1:]))


def without_limits(numbers: Numbers) -> Numbers:
    """The numbers that calls make: not what their policies allow, nor what is left of it."""
    limits = "retold.policy.max_attempts", "retold.budget."
    return {key: value for key, value in numbers.items() if not key[0].startswith(limits)}
