"""What there is to read of budgets: how they stand, and the labels under which calls count what they denied."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple, Protocol
from weakref import ref

from retold import telemetry
from retold.telemetry import Metric


class Stock(Protocol):
    """Retries that are left, as a budget knows them."""

    @property
    def available(self) -> float: ...
    @property
    def capacity(self) -> float: ...
    def restart(self) -> None:
        """Be full, and free of locks: this is a forked child."""


class Standing(NamedTuple):
    """How budgets of one name stand: the values of `GAUGES`."""

    available: float
    capacity: float
    degraded: int


GAUGES: Final = (telemetry.BUDGET_AVAILABLE, telemetry.BUDGET_CAPACITY, telemetry.BUDGET_DEGRADED)

_NONE: Final = Standing(0.0, 0.0, 0)


class Budgets:
    """The budgets of the process by name, of which the first `MAX_BUDGETS` have series of their own.

    Budgets with one name have one series: their retries add up. A budget that nobody has any more is left out, but for
    what it denied, since counters never go back. While it is read, the garbage collector or a signal handler may add
    one: what is gone through is a copy, which is made in one step of the interpreter.
    """

    def __init__(self) -> None:
        self._stocks: dict[ref[Stock], str] = {}
        self._labels: dict[str, None] = {}
        self._told: dict[str, Standing] = {}

    def __contains__(self, stock: Stock) -> bool:
        return ref(stock) in self._stocks

    def add(self, name: str, stock: Stock) -> str:
        """Make a budget known. Returns the label that it has."""
        label = self._stocks[ref(stock, self._leave_out)] = self.label(name)
        return label

    def label(self, name: str) -> str:
        """The label of budgets with this name, for good."""
        label = name if name in self._labels or len(self._labels) < telemetry.MAX_BUDGETS else telemetry.OTHER
        self._labels[label] = None
        return label

    def labels(self) -> list[str]:
        """Of all that there have been."""
        return list(self._labels)

    def stand(self) -> dict[str, Standing]:
        """How those of each label stand now."""
        standing: dict[str, Standing] = {}
        for label, stock in self._alive():
            left, room, degraded = standing.get(label, _NONE)
            available = stock.available
            standing[label] = Standing(left + available, room + stock.capacity, degraded or int(available < 1))
        return standing

    def changes(self) -> Iterator[tuple[Metric, str, float]]:
        """What has changed since this was last asked."""
        told, now = self._told, self.stand()
        for label, standing in now.items():
            before = told.get(label)
            if before != standing:
                told[label] = standing
                for index, metric in enumerate(GAUGES):
                    if before is None or before[index] != standing[index]:
                        yield metric, label, standing[index]
        if len(told) > len(now):
            for label in told.keys() - now.keys():  # of which nobody has one any more
                told.pop(label, None)
                yield telemetry.BUDGET_DEGRADED, label, 0

    def tell_anew(self) -> None:
        """Have everything be a change."""
        self._told.clear()

    def restart(self) -> None:
        """Have all budgets be full, as in a forked child."""
        self.tell_anew()
        for _, stock in self._alive():
            stock.restart()

    def forget(self) -> None:
        """Forget all of them."""
        self._stocks.clear()
        self._labels.clear()
        self.tell_anew()

    def _alive(self) -> Iterator[tuple[str, Stock]]:
        for reference in list(self._stocks):
            stock, label = reference(), self._stocks.get(reference)
            if stock is not None and label is not None:
                yield label, stock

    def _leave_out(self, reference: ref[Stock]) -> None:
        self._stocks.pop(reference, None)
