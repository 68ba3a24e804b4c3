"""The numbers of one operation, metric by metric."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple, TypeAlias

from retold import telemetry
from retold.events import GIVE_UPS, AttemptOutcome, Outcome
from retold.telemetry import Metric

# Attempts and calls succeed by the same word, which is looked up for every call here.
_SUCCESS: Final = "success"

Labels: TypeAlias = tuple[str | bool, ...]
"""The values of a metric's keys, in their order."""


class Observations(NamedTuple):
    """Values of one series of a histogram, for backends that aggregate themselves."""

    metric: Metric
    labels: Labels
    values: Sequence[float]


class Exemplar(NamedTuple):
    """A sampled span behind a histogram's bucket; `time` is in Unix seconds."""

    value: float
    trace_id: str
    span_id: str
    time: float


class Distribution(NamedTuple):
    """A histogram as read: `counts` and `exemplars` by bucket, not cumulative, the last beyond all bounds."""

    counts: tuple[int, ...]
    sum: float
    exemplars: tuple[Exemplar | None, ...]


Value: TypeAlias = int | float | Distribution
Totals: TypeAlias = Mapping[Metric, Mapping[Labels, Value]]
"""Everything that there is to read, by metric and labels."""


class Histogram:
    """Counts by bucket; a value on a bound falls into the bucket below it, as in Prometheus."""

    __slots__ = ("_bounds", "_counts", "_exemplars", "_sum")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self._sum = 0.0
        self._exemplars: list[Exemplar | None] = [None] * (len(bounds) + 1)

    def observe(self, values: Sequence[float]) -> None:
        """Add values, which are in order: a look at each bound, and not at each value."""
        below, count = 0, len(values)
        for bucket, bound in enumerate(self._bounds):
            if below == count:
                break
            fitting = bisect_right(values, bound, below)
            self._counts[bucket] += fitting - below
            below = fitting
        self._counts[-1] += count - below
        self._sum += sum(values)

    def show(self, exemplar: Exemplar) -> None:
        """Keep this exemplar for its bucket, unless a later one is there."""
        bucket = bisect_left(self._bounds, exemplar.value)
        shown = self._exemplars[bucket]
        if shown is None or shown.time <= exemplar.time:
            self._exemplars[bucket] = exemplar

    def read(self) -> Distribution:
        return Distribution(tuple(self._counts), self._sum, tuple(self._exemplars))


class OperationTotals:
    """Counters, gauges and histograms of one operation.

    Counters whose labels can be listed beforehand are born at 0: one that is born at 1 has no increase, and
    the first give-up would be invisible to every alert. Histograms are born at their first observation.
    """

    __slots__ = ("_histograms", "_observed", "_operation", "begun", "counters", "ended", "overflows", "waiting")

    def __init__(self, operation: str, observed: Callable[[Observations], None]) -> None:
        self._operation = operation
        self._observed = observed
        self._histograms: dict[Metric, dict[Labels, Histogram]] = {}
        self.begun = self.ended = self.waiting = self.overflows = 0
        name = operation
        self.counters: dict[Metric, dict[Labels, int]] = {
            telemetry.CALLS: {(name, outcome, retried): 0 for outcome in Outcome for retried in (False, True)},
            telemetry.ATTEMPTS: {(name, outcome): 0 for outcome in AttemptOutcome},
            telemetry.ATTEMPT_FAILURES: {},
            telemetry.GIVE_UPS: {(name, outcome): 0 for outcome in Outcome if outcome.is_give_up},
            telemetry.FALLBACKS: {(name,): 0},
        }

    def add_attempt(self, outcome: AttemptOutcome, duration: float, error_type: str | None) -> None:
        """Count an attempt, and an overflow if its type of error has to be counted as `_OTHER`."""
        name = self._operation
        self.counters[telemetry.ATTEMPTS][name, outcome] += 1
        self._observe(telemetry.ATTEMPT_DURATION, (name, outcome), (duration,))
        if error_type is None:
            return
        failures = self.counters[telemetry.ATTEMPT_FAILURES]
        fits = (name, error_type) in failures or len(failures) < telemetry.MAX_ERROR_TYPES
        labels = (name, error_type if fits else telemetry.OTHER)
        failures[labels] = failures.get(labels, 0) + 1
        self.overflows += not fits

    def add_at_once(self, durations: list[float]) -> None:
        """Count calls that succeeded with their first attempts, which lasted as long as the calls."""
        count = len(durations)
        durations.sort()
        self.ended += count
        self.counters[telemetry.CALLS][self._operation, _SUCCESS, False] += count
        self.counters[telemetry.ATTEMPTS][self._operation, _SUCCESS] += count
        labels = (self._operation, _SUCCESS)
        self._observe(telemetry.ATTEMPT_DURATION, labels, durations)
        self._observe(telemetry.CALL_DURATION, labels, durations)
        self._observe(telemetry.CALL_ATTEMPTS, labels, (1,) * count)

    def begin_wait(self) -> None:
        self.waiting += 1

    def add_wait(self, seconds: float) -> None:
        self.waiting = max(self.waiting - 1, 0)  # a wait may have begun before a fork
        self._observe(telemetry.RETRY_DELAYS, (self._operation,), (seconds,))

    def add_call(self, outcome: Outcome, attempts: int, duration: float, fallback: bool) -> None:
        name = self._operation
        self.ended += 1
        self.counters[telemetry.CALLS][name, outcome, attempts > 1] += 1
        self._observe(telemetry.CALL_DURATION, (name, outcome), (duration,))
        self._observe(telemetry.CALL_ATTEMPTS, (name, outcome), (attempts,))
        if outcome in GIVE_UPS:
            self.counters[telemetry.GIVE_UPS][name, outcome] += 1
        if fallback:
            self.counters[telemetry.FALLBACKS][name,] += 1

    def show(self, metric: Metric, outcome: str, exemplar: Exemplar) -> None:
        """Keep an exemplar, if its histogram has been born by now."""
        histogram = self._histograms.get(metric, {}).get((self._operation, outcome))
        if histogram is not None:
            histogram.show(exemplar)

    def read(self) -> Totals:
        totals: dict[Metric, dict[Labels, Value]] = {metric: dict(series) for metric, series in self.counters.items()}
        totals[telemetry.CALL_ACTIVE] = {(self._operation,): self.begun - self.ended}
        totals[telemetry.CALL_WAITING] = {(self._operation,): self.waiting}
        for metric, series in self._histograms.items():
            totals[metric] = {labels: histogram.read() for labels, histogram in series.items()}
        return totals

    def _observe(self, metric: Metric, labels: Labels, values: Sequence[float]) -> None:
        self._histogram(metric, labels).observe(values)
        self._observed(Observations(metric, labels, values))

    def _histogram(self, metric: Metric, labels: Labels) -> Histogram:
        series = self._histograms.setdefault(metric, {})
        histogram = series.get(labels)
        if histogram is None:
            histogram = series[labels] = Histogram(metric.buckets)
        return histogram
