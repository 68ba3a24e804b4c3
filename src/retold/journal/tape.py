"""What histograms were told since somebody last asked, for a backend that aggregates itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from retold.journal.followers import Follower
from retold.journal.histogram import Labels, Stretch
from retold.telemetry import Metric

LIMIT = 65536
"""Values that are kept as they are. Beyond, memory grows with the number of series and not of values."""


class Observations(NamedTuple):
    """Values of one series of a histogram."""

    metric: Metric
    labels: Labels
    values: Iterable[float]


class Tape(Follower):
    """Every value, until there are more than `LIMIT`; what comes then is compressed to a `Stretch` for each series.

    A backend that has other buckets than the metric finds the values of a stretch at the mean of theirs.

    Args:
        wanted: Whether somebody will ask: what happens while nobody will is not kept.
    """

    def __init__(self, wanted: Callable[[], bool]) -> None:
        self._wanted = wanted
        self.restart()

    def restart(self) -> None:
        self._kept: list[Observations] = []
        self._length = 0
        self._stretches: dict[tuple[Metric, Labels], Stretch] = {}

    def observed(self, metric: Metric, labels: Labels, values: Sequence[float]) -> None:
        if not self._wanted():
            return
        if self._length < LIMIT:
            self._kept.append(Observations(metric, labels, values))
            self._length += len(values)
            return
        stretch = self._stretches.get((metric, labels))
        if stretch is None:
            stretch = self._stretches[metric, labels] = Stretch(metric.buckets)
        stretch.add(values)

    def take(self) -> list[Observations]:
        """What is on it, which is then empty."""
        taken = self._kept
        taken += [Observations(metric, labels, each) for (metric, labels), each in self._stretches.items()]
        self.restart()
        return taken
