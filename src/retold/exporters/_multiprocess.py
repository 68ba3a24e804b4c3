"""Metrics in files that processes share: the multiprocess mode of `prometheus_client`.

There a scrape merges the files of all processes, and sees no collector of any. So a stock instrument stands for each
metric, and follows the journal; it is told of every entry when it is written, since a process may be killed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final, Literal

from prometheus_client import Counter, Gauge, Histogram, values

from retold import telemetry
from retold.journal import JOURNAL, Follower, Labels
from retold.logger import LOGGER
from retold.telemetry import ERROR_TYPE, EVENT_EXPORTER_FAILED, EXPORTER, Metric, error_type, label_name, label_value

Instrument = Counter | Gauge | Histogram


def is_on() -> bool:
    """Whether the client writes to files, which it decides when it is imported."""
    return bool(getattr(values.ValueClass, "_multiprocess", False))


@cache
def write_files() -> None:
    """Have the files of this process, and of those that it forks, follow the journal. Once: two would overwrite."""
    JOURNAL.follow(_Files())


class _Files(Follower):
    immediate = True

    def __init__(self) -> None:
        self._instruments = {metric: _instrument(metric) for metric in telemetry.METRICS}
        self._children: dict[tuple[Metric, Labels], Any] = {}
        self._said = False

    def counted(self, metric: Metric, labels: Labels, count: int) -> None:
        self._write("inc", metric, labels, count)

    def observed(self, metric: Metric, labels: Labels, values: Sequence[float]) -> None:
        for value in values:
            self._write("observe", metric, labels, value)

    def stands(self, metric: Metric, labels: Labels, value: float) -> None:
        self._write("set", metric, labels, value)

    def _child(self, metric: Metric, labels: Labels) -> Any:
        child = self._children.get((metric, labels))
        if child is None:
            child = self._instruments[metric].labels(*map(label_value, labels))
            self._children[metric, labels] = child
        return child

    def _write(self, method: str, metric: Metric, labels: Labels, value: float) -> None:
        try:
            getattr(self._child(metric, labels), method)(value)
        except Exception as error:  # noqa: BLE001 - as where somebody removed the directory: the call goes on
            if not self._said:
                self._said = True
                LOGGER.warning(EVENT_EXPORTER_FAILED, extra={EXPORTER: "prometheus", ERROR_TYPE: error_type(error)})


def _instrument(metric: Metric) -> Instrument:
    name, text, keys = metric.prometheus_name, metric.help, [label_name(key) for key in metric.keys]
    # In no registry: one that merges the files would have everything twice.
    if metric.kind == "counter":
        return Counter(name, text, keys, registry=None)
    if metric.kind == "histogram":
        return Histogram(name, text, keys, registry=None, buckets=metric.buckets)
    return Gauge(name, text, keys, registry=None, multiprocess_mode=_MODES.get(metric, "livesum"))


_MODES: Final[Mapping[Metric, Literal["livemin", "livemax"]]] = {
    # Calls add up over processes; the limit of a policy is the same in all of them.
    telemetry.MAX_ATTEMPTS: "livemax",
    # Each process has a budget of its own: the one that is worst off speaks, and is not hidden by others.
    telemetry.BUDGET_AVAILABLE: "livemin",
    telemetry.BUDGET_CAPACITY: "livemin",
    telemetry.BUDGET_DEGRADED: "livemax",
}
