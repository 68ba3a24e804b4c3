"""Values in buckets, as Prometheus counts them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from typing import NamedTuple, TypeAlias

from retold.telemetry import Metric

Labels: TypeAlias = tuple[str | bool, ...]
"""The values of a metric's keys, in their order."""


class Exemplar(NamedTuple):
    """A sampled span behind a histogram's bucket; `time` is in Unix seconds."""

    value: float
    trace_id: int
    span_id: int
    time: float


class Distribution(NamedTuple):
    """A histogram as read: `counts` and `exemplars` by bucket, not cumulative, the last beyond all bounds."""

    counts: tuple[int, ...]
    sum: float
    exemplars: tuple[Exemplar | None, ...]


class Histogram:
    """One series: counts by bucket. A value on a bound falls into the bucket below it."""

    __slots__ = ("_bounds", "_counts", "_exemplars", "_sum", "labels", "metric")

    def __init__(self, metric: Metric, labels: Labels) -> None:
        self.metric = metric
        self.labels = labels
        self._bounds = metric.buckets
        self._counts = [0] * (len(metric.buckets) + 1)
        self._sum = 0.0
        self._exemplars: list[Exemplar | None] = [None] * len(self._counts)

    @property
    def born(self) -> bool:
        """Whether anything has been observed."""
        return any(self._counts)

    def observe(self, values: Sequence[float], total: float) -> None:
        """Add values, which are in order, and their sum: two looks for each bucket that they fall into."""
        self._sum += total
        bounds, counts = self._bounds, self._counts
        start, count = 0, len(values)
        while start < count:
            bucket = bisect_left(bounds, values[start])
            end = bisect_right(values, bounds[bucket], start) if bucket < len(bounds) else count
            counts[bucket] += end - start
            start = end

    def observe_equal(self, value: float, count: int) -> None:
        """Add the same value `count` times."""
        self._sum += value * count
        self._counts[bisect_left(self._bounds, value)] += count

    def show(self, exemplar: Exemplar) -> None:
        """Keep this exemplar for its bucket, unless a later one is there."""
        bucket = bisect_left(self._bounds, exemplar.value)
        shown = self._exemplars[bucket]
        if shown is None or shown.time <= exemplar.time:
            self._exemplars[bucket] = exemplar

    def read(self) -> Distribution:
        return Distribution(tuple(self._counts), self._sum, tuple(self._exemplars))


class Stretch:
    """Values of one series of which there were too many to keep: what they come to, bucket by bucket.

    Iterating gives as many values again, in the same buckets, with the same least and greatest in each and, up to
    rounding, the same sum: all between the least and the greatest stand at their mean.
    """

    __slots__ = ("_bounds", "_buckets")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self._bounds = bounds
        self._buckets: dict[int, tuple[int, float, float, float]] = {}

    def add(self, values: Sequence[float]) -> None:
        """Add values, which are in order."""
        bounds, start = self._bounds, 0
        while start < len(values):
            bucket = bisect_left(bounds, values[start])
            end = bisect_right(values, bounds[bucket], start) if bucket < len(bounds) else len(values)
            least, greatest = values[start], values[end - 1]
            count, total, low, high = self._buckets.get(bucket, (0, 0.0, least, greatest))
            self._buckets[bucket] = (
                count + end - start,
                total + sum(values[start:end]),
                min(low, least),
                max(high, greatest),
            )
            start = end

    def __len__(self) -> int:
        return sum(count for count, *_ in self._buckets.values())

    def __iter__(self) -> Iterator[float]:
        for count, total, low, high in self._buckets.values():
            yield low
            if count > 1:
                yield high
                mean = (total - low - high) / max(count - 2, 1)
                between = min(max(mean, low), high)
                for _ in range(count - 2):
                    yield between
