"""Metrics for Prometheus, read from the journal whenever a registry is scraped."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from itertools import accumulate

from retold import telemetry
from retold.errors import RetoldWarning
from retold.exporter import Exporter
from retold.journal import JOURNAL, Distribution, Value
from retold.telemetry import Metric, label_name, label_value

try:
    from prometheus_client import REGISTRY, CollectorRegistry
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
    from prometheus_client.samples import Exemplar
except ImportError as error:
    raise ImportError("the prometheus exporter needs the extra: pip install 'retold[prometheus]'") from error

Family = CounterMetricFamily | GaugeMetricFamily | HistogramMetricFamily
_FAMILIES: dict[str, type[Family]] = {
    "counter": CounterMetricFamily,
    "gauge": GaugeMetricFamily,
    "histogram": HistogramMetricFamily,
}

_COLLECTOR = "_retold_collector"


class Prometheus(Exporter):
    """Serves all metrics of Retold through a registry of `prometheus_client`.

    Exemplars with `trace_id` and `span_id` are on the buckets of durations; they travel in the OpenMetrics format.

    Args:
        registry: Where to register; the client's default registry unless given. Doing so twice changes nothing.
    """

    name = "prometheus"
    reads_journal = True

    def __init__(self, registry: CollectorRegistry = REGISTRY) -> None:
        self._registry = registry
        if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
            warnings.warn(
                "PROMETHEUS_MULTIPROC_DIR is set, but Retold's metrics are served by each process alone:"
                " they will be missing from a registry that merges processes",
                RetoldWarning,
                stacklevel=2,
            )
        # On the registry, and not in this module, so that reloading the module does not register twice.
        if not hasattr(registry, _COLLECTOR):
            setattr(registry, _COLLECTOR, collector := _Collector())
            registry.register(collector)

    def close(self) -> None:
        collector = getattr(self._registry, _COLLECTOR, None)
        if collector is not None:
            self._registry.unregister(collector)
            delattr(self._registry, _COLLECTOR)


class _Collector:
    def describe(self) -> list[Family]:
        return [_family(metric) for metric in telemetry.METRICS]

    def collect(self) -> Iterator[Family]:
        for metric, series in JOURNAL.collect().items():
            family = _family(metric)
            for labels, value in series.items():
                _add(family, metric, [label_value(label) for label in labels], value)
            yield family


def _family(metric: Metric) -> Family:
    keys = [label_name(key) for key in metric.keys]
    return _FAMILIES[metric.kind](metric.prometheus_name, metric.help, labels=keys)


def _add(family: Family, metric: Metric, labels: list[str], value: Value) -> None:
    if isinstance(family, HistogramMetricFamily):
        assert isinstance(value, Distribution)
        family.add_metric(labels, _buckets(metric, value), value.sum)
    else:
        assert not isinstance(value, Distribution)
        family.add_metric(labels, value)


def _buckets(metric: Metric, value: Distribution) -> list[tuple[str, float] | tuple[str, float, Exemplar]]:
    bounds = [*(str(bound) for bound in metric.buckets), "+Inf"]
    buckets: list[tuple[str, float] | tuple[str, float, Exemplar]] = []
    for bound, count, shown in zip(bounds, accumulate(value.counts), value.exemplars, strict=True):
        if shown is None:
            buckets.append((bound, count))
        else:
            ids = {"trace_id": shown.trace_id, "span_id": shown.span_id}
            buckets.append((bound, count, Exemplar(ids, shown.value, shown.time)))
    return buckets
