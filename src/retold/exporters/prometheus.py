"""Metrics for Prometheus, read from the journal whenever a registry is scraped."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate
from typing import Any

from retold import telemetry
from retold.exporter import Exporter
from retold.exporters._doubles import is_doubled
from retold.journal import JOURNAL, Labels
from retold.journal import Exemplar as Shown
from retold.telemetry import Metric, label_name, label_value

try:
    from prometheus_client import REGISTRY, CollectorRegistry
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
    from prometheus_client.samples import Exemplar, Sample

    from retold.exporters import _multiprocess
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

    In the client's multiprocess mode, with `PROMETHEUS_MULTIPROC_DIR`, metrics are in its files instead, for a
    `MultiProcessCollector` to sum, and in no registry. A call is in them as soon as it has ended, even if the process
    is killed then. There are no exemplars, and gauges are those of live processes: have whoever sees a worker end
    call `prometheus_client.multiprocess.mark_process_dead(pid)`. Calls cost more: every entry is written at once.

    Args:
        registry: Where to register; the client's default registry unless given. Doing so twice changes nothing.
    """

    name = "prometheus"
    reads_journal = True

    def __init__(self, registry: CollectorRegistry = REGISTRY) -> None:
        self._registry = registry
        if _multiprocess.is_on():
            _multiprocess.write_files()
            return
        # On the registry, and not in this module, so that reloading the module does not register twice.
        if not hasattr(registry, _COLLECTOR):
            setattr(registry, _COLLECTOR, collector := _Collector(registry))
            registry.register(collector)

    def close(self) -> None:
        collector = getattr(self._registry, _COLLECTOR, None)
        if collector is not None:
            self._registry.unregister(collector)
            delattr(self._registry, _COLLECTOR)


class _Collector:
    """All metrics, as families that the client renders.

    What does not change from one scrape to the next is made once: a scrape of many operations is mostly labels.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry
        self._labels: dict[tuple[Metric, Labels], list[dict[str, str]]] = {}

    def describe(self) -> list[Family]:
        return [_family(metric) for metric in telemetry.METRICS]

    def collect(self) -> Iterator[Family]:
        if is_doubled(self._registry):
            return
        for metric, series in JOURNAL.collect().items():
            family = _family(metric)
            add = _add_histogram if metric.kind == "histogram" else _add_number
            for labels, value in series.items():
                add(family, self._labels_of(metric, labels), value)
            yield family

    def _labels_of(self, metric: Metric, labels: Labels) -> list[dict[str, str]]:
        """The labels of all samples of a series: its own, and for each bucket those with `le`."""
        known = self._labels.get((metric, labels))
        if known is None:
            own = {label_name(key): label_value(label) for key, label in zip(metric.keys, labels, strict=True)}
            known = self._labels[metric, labels] = [own, *({"le": bound, **own} for bound in _bounds(metric))]
        return known


def _family(metric: Metric) -> Family:
    keys = [label_name(key) for key in metric.keys]
    return _FAMILIES[metric.kind](metric.prometheus_name, metric.help, labels=keys)


def _bounds(metric: Metric) -> list[str]:
    return [*map(str, metric.buckets), "+Inf"] if metric.kind == "histogram" else []


# The client's families would put the labels together anew for each sample, which is half of what a scrape costs
# before it is rendered. Here samples of all scrapes share them: they are for reading.


def _add_number(family: Family, labels: list[dict[str, str]], value: Any) -> None:
    name = f"{family.name}_total" if family.type == "counter" else family.name
    family.samples.append(Sample(name, labels[0], value))


def _add_histogram(family: Family, labels: list[dict[str, str]], value: Any) -> None:
    own, *buckets = labels
    name, counts = f"{family.name}_bucket", list(accumulate(value.counts))
    samples = [Sample(name, each, count) for each, count in zip(buckets, counts, strict=True)]
    for bucket, shown in enumerate(value.exemplars):
        if shown is not None:
            samples[bucket] = samples[bucket]._replace(exemplar=_exemplar(shown))
    family.samples += samples
    family.samples.append(Sample(f"{family.name}_count", own, counts[-1]))
    family.samples.append(Sample(f"{family.name}_sum", own, value.sum))


def _exemplar(shown: Shown) -> Exemplar:
    ids = {"trace_id": f"{shown.trace_id:032x}", "span_id": f"{shown.span_id:016x}"}
    return Exemplar(ids, shown.value, shown.time)
