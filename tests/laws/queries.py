"""What a real Prometheus says of the metrics it has scraped."""

from __future__ import annotations

from dataclasses import dataclass

from retold import telemetry
from retold.telemetry import label_name
from tests.readings import Numbers
from tests.services.prometheus import PrometheusServer

LAWS = [
    "sum(retold_calls_total) - sum(retold_call_duration_seconds_count)",
    "sum(retold_calls_total) - sum(retold_call_attempts_count)",
    "sum(retold_attempts_total) - sum(retold_call_attempts_sum)",
    "sum(retold_attempts_total) - sum(retold_attempt_duration_seconds_count)",
    'sum(retold_attempts_total{retold_attempt_outcome=~"error|rejected"}) - sum(retold_attempt_failures_total)',
    "sum((sum by (retold_operation) (retold_nested_retries_total)"
    ' > sum by (retold_operation) (retold_calls_total{retold_retried="true"})) or vector(0))',
    'sum(retold_budget_denials_total) - sum(retold_give_ups_total{retold_outcome="budget_exhausted"})',
    "sum(retold_call_active) + sum(retold_call_waiting)",
    "sum(retold_exporter_failures_total) + sum(retold_label_overflows_total)",
    # At every scrape, not only the last.
    "sum(max_over_time((retold_call_waiting > retold_call_active)[1h:250ms])) or vector(0)",
    "sum(max_over_time((retold_budget_available > retold_budget_capacity)[1h:250ms])) or vector(0)",
    "max_over_time(abs(sum(retold_budget_denials_total)"
    ' - sum(retold_calls_total{retold_outcome="budget_exhausted"}))[1h:250ms])',
    *(f"sum(resets({metric.prometheus_name}_total[1h]))" for metric in telemetry.METRICS if metric.kind == "counter"),
    *(
        f"sum(resets({metric.prometheus_name}_{suffix}[1h]))"
        for metric in telemetry.METRICS
        if metric.kind == "histogram"
        for suffix in ("bucket", "count", "sum")
    ),
]
"""Expressions that are 0."""


@dataclass(frozen=True, slots=True)
class Answers:
    """All samples by name and label values, and what the laws give."""

    numbers: Numbers
    laws: dict[str, float]


def answers(server: PrometheusServer) -> Answers:
    """Ask for everything."""
    numbers: Numbers = {}
    for metric in telemetry.METRICS:
        labels = [label_name(key) for key in metric.keys]
        for suffix, key in _SUFFIXES[metric.kind].items():
            for sample in server.query(metric.prometheus_name + suffix):
                numbers[metric.name + key, *(sample.labels[label] for label in labels)] = sample.value
    laws = {promql: sum(sample.value for sample in server.query(promql)) for promql in LAWS}
    return Answers(numbers, laws)


_SUFFIXES = {"counter": {"_total": ""}, "gauge": {"": ""}, "histogram": {"_count": " count", "_sum": " sum"}}
