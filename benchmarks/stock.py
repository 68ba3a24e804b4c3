"""Stock metrics of `prometheus_client` with the series that a registry has already."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Metric, disable_created_metrics


def same_series(registry: CollectorRegistry) -> CollectorRegistry:
    """A registry with as many samples under the same names and labels."""
    disable_created_metrics()  # type: ignore[no-untyped-call]
    stock = CollectorRegistry()
    for family in registry.collect():
        _copy(family, stock)
    copied, original = _samples(stock), _samples(registry)
    if copied != original:
        raise RuntimeError(f"the copy has {copied} samples, and the registry {original}")
    return stock


def _samples(registry: CollectorRegistry) -> int:
    return sum(len(family.samples) for family in registry.collect())


def _copy(family: Metric, registry: CollectorRegistry) -> None:
    series = [{key: value for key, value in sample.labels.items() if key != "le"} for sample in family.samples]
    keys = list(series[0]) if series else ["operation"]
    if family.type == "counter":
        counter = Counter(family.name, family.documentation, keys, registry=registry)
        for labels, sample in zip(series, family.samples, strict=True):
            counter.labels(**labels).inc(sample.value)
    elif family.type == "gauge":
        gauge = Gauge(family.name, family.documentation, keys, registry=registry)
        for labels, sample in zip(series, family.samples, strict=True):
            gauge.labels(**labels).set(sample.value)
    else:
        bounds = list(dict.fromkeys(float(each.labels["le"]) for each in family.samples if "le" in each.labels))
        histogram = Histogram(family.name, family.documentation, keys, registry=registry, buckets=bounds or [1.0])
        for labels, sample in zip(series, family.samples, strict=True):
            if sample.name.endswith("_sum"):
                histogram.labels(**labels).observe(sample.value)
