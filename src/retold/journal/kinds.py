"""Entries that mean the same: gathered while a fold sorts entries out, and then counted all at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias, TypeVar

from retold.journal.followers import Followers
from retold.journal.histogram import Histogram, Labels
from retold.journal.lock import Lock
from retold.telemetry import Metric

Series: TypeAlias = tuple[Metric, Labels]
Append: TypeAlias = Callable[[Any], None]
K = TypeVar("K")


class Kind:
    """What one entry means: the counters that it counts in, and the histograms that its value goes to.

    Attributes:
        values: What a fold has gathered, one for each entry.
        append: Gathers one more.
        count: How many there have been.
        counters: The series that each of them counts in.
        histograms: Where the value goes.
        constants: Where each entry goes with a value that is always the same.
    """

    __slots__ = ("_followers", "append", "constants", "count", "counters", "histograms", "values")

    def __init__(self, followers: Followers, counters: Sequence[Series], histograms: Sequence[Histogram]) -> None:
        self._followers = followers
        self.values: list[Any] = []
        self.append: Append = self.values.append
        self.count = 0
        self.counters = counters
        self.histograms = histograms
        self.constants: Sequence[tuple[Histogram, float]] = ()

    def pour(self) -> None:
        """Count what has been gathered."""
        values = sorted(self.values)
        self.values.clear()
        self.take(values, sum(values))

    def take(self, values: list[float], total: float) -> None:
        """Count entries: their values, which are in order, and the sum of these."""
        count = len(values)
        self.count += count
        for histogram in self.histograms:
            histogram.observe(values, total)
        for histogram, value in self.constants:
            histogram.observe_equal(value, count)
        if self._followers.all:
            self._tell(count, [values] * len(self.histograms))

    def add(self, count: int) -> None:
        """Count entries that have no values."""
        self.count += count
        if self._followers.counting:
            self._tell_counters(count)

    def _tell(self, count: int, columns: Sequence[Sequence[float]]) -> None:
        self._tell_counters(count)
        for follower in self._followers.all:
            for histogram, values in zip(self.histograms, columns, strict=True):
                follower.observed(histogram.metric, histogram.labels, values)
            for histogram, value in self.constants:
                follower.observed(histogram.metric, histogram.labels, (value,) * count)

    def _tell_counters(self, count: int) -> None:
        for follower in self._followers.counting:
            for metric, labels in self.counters:
                follower.counted(metric, labels, count)


class RowKind(Kind):
    """The same where an entry has several values, one for each histogram."""

    __slots__ = ()

    def pour(self) -> None:
        columns = [sorted(column) for column in zip(*self.values, strict=True)]
        count = len(self.values)
        self.values.clear()
        self.count += count
        for histogram, values in zip(self.histograms, columns, strict=True):
            histogram.observe(values, sum(values))
        if self._followers.all:
            self._tell(count, columns)


class Kinds(dict[K, Append]):
    """How to gather entries, by what tells their kinds apart; a kind is made when it is first asked for."""

    __slots__ = ("_make",)

    def __init__(self, make: Callable[[K], Append]) -> None:
        self._make = make

    def __missing__(self, key: K) -> Append:
        return self._make(key)


MAKING = Lock()
"""Held while a kind is made, by whoever writes the first entry of it."""
