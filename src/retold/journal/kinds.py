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
    """What one entry means: the counters that it counts in, and the histogram that its value goes to.

    Attributes:
        values: What a fold has gathered, one for each entry.
        append: Gathers one more.
        count: How many there have been.
        counters: The series that each of them counts in.
        histograms: Where the values go.
    """

    __slots__ = ("_followers", "append", "count", "counters", "histograms", "values")

    def __init__(self, followers: Followers, counters: Sequence[Series], histograms: Sequence[Histogram]) -> None:
        self._followers = followers
        self.values: list[Any] = []
        self.append: Append = self.values.append
        self.count = 0
        self.counters = counters
        self.histograms = histograms

    def pour(self) -> None:
        """Count what has been gathered."""
        values = sorted(self.values)
        self.values.clear()
        for histogram in self.histograms:
            histogram.observe(values, sum(values))
        self.add(len(values), values)

    def add(self, count: int, *columns: Sequence[float]) -> None:
        """Count entries, whose values, one column for each histogram, are in there already."""
        self.count += count
        for follower in self._followers.all:
            for metric, labels in self.counters:
                follower.counted(metric, labels, count)
            for histogram, values in zip(self.histograms, columns, strict=False):
                follower.observed(histogram.metric, histogram.labels, values)


class PairKind(Kind):
    """The same where an entry has two values, for two histograms."""

    __slots__ = ()

    def pour(self) -> None:
        first, second = map(sorted, zip(*self.values, strict=True))
        self.values.clear()
        self.histograms[0].observe(first, sum(first))
        self.histograms[1].observe(second, sum(second))
        self.add(len(first), first, second)


class Kinds(dict[K, Append]):
    """How to gather entries, by what tells their kinds apart; a kind is made when it is first asked for."""

    __slots__ = ("_make",)

    def __init__(self, make: Callable[[K], Append]) -> None:
        self._make = make

    def __missing__(self, key: K) -> Append:
        return self._make(key)


MAKING = Lock()
"""Held while a kind is made, by whoever writes the first entry of it."""
