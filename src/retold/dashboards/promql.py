"""PromQL, spelled with the metrics of `telemetry`, so that no expression can name what does not exist."""

from __future__ import annotations

from typing import Literal, TypeAlias

from retold.telemetry import Metric, label_name

Part: TypeAlias = Literal["bucket", "sum", "count"]
Operator: TypeAlias = Literal["=", "!=", "=~", "!~"]


def family(metric: Metric, part: Part | None = None) -> str:
    """The name of a metric's series, such as `retold_calls_total`; of a histogram, `part` says which."""
    if (metric.kind == "histogram") != (part is not None):
        raise ValueError(f"{metric.name} is a {metric.kind}: part must be {'given' if part is None else 'left out'}")
    if metric.kind == "counter":
        return f"{metric.prometheus_name}_total"
    return metric.prometheus_name if part is None else f"{metric.prometheus_name}_{part}"


def match(metric: Metric, key: str, operator: Operator, value: str) -> str:
    """A matcher for one of the metric's own labels, such as `retold_outcome="success"`."""
    if key not in metric.keys:
        raise ValueError(f"{metric.name} has no label {key}, only {', '.join(metric.keys)}")
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'{label_name(key)}{operator}"{escaped}"'


def select(metric: Metric, *matchers: str, part: Part | None = None) -> str:
    """A selector of the metric's series."""
    return family(metric, part) + (f"{{{', '.join(matchers)}}}" if matchers else "")


def duration(seconds: float) -> str:
    """A duration as PromQL writes it, in its largest whole unit: `5m`, `90s`, `500ms`."""
    for unit, length in (("d", 86_400.0), ("h", 3_600.0), ("m", 60.0), ("s", 1.0)):
        if seconds >= length and seconds % length == 0:
            return f"{seconds / length:.0f}{unit}"
    return f"{max(1, round(seconds * 1_000))}ms"
