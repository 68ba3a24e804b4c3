"""What there is to read of budgets: how they stand, and the labels under which calls count what they denied."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol
from weakref import ref

from retold import telemetry
from retold.journal.histogram import Labels
from retold.telemetry import Metric


class Stock(Protocol):
    """Retries that are left, as a budget knows them."""

    @property
    def available(self) -> float: ...
    @property
    def capacity(self) -> float: ...
    def restart(self) -> None:
        """Be full, and free of locks: this is a forked child."""


class Budgets:
    """The budgets of the process by name, of which the first `MAX_BUDGETS` have series of their own.

    Budgets with one name have one series: their retries add up. A budget that nobody has any more is left out, but for
    what it denied, since counters never go back. While it is read, the garbage collector or a signal handler may add
    one: what is gone through is a copy, which is made in one step of the interpreter.
    """

    def __init__(self) -> None:
        self._stocks: dict[ref[Stock], str] = {}
        self._labels: dict[str, None] = {}

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

    def gauges(self) -> Mapping[Metric, Mapping[Labels, float]]:
        """How budgets stand now."""
        left: dict[Labels, list[float]] = {}
        room: dict[Labels, float] = {}
        for label, stock in self._alive():
            left.setdefault((label,), []).append(stock.available)
            room[label,] = room.get((label,), 0.0) + stock.capacity
        return {
            telemetry.BUDGET_AVAILABLE: {labels: sum(each) for labels, each in left.items()},
            telemetry.BUDGET_CAPACITY: room,
            telemetry.BUDGET_DEGRADED: {labels: int(min(each) < 1) for labels, each in left.items()},
        }

    def restart(self) -> None:
        """Have all budgets be full, as in a forked child."""
        for _, stock in self._alive():
            stock.restart()

    def forget(self) -> None:
        """Forget all of them."""
        self._stocks.clear()
        self._labels.clear()

    def _alive(self) -> Iterator[tuple[str, Stock]]:
        for reference in list(self._stocks):
            stock, label = reference(), self._stocks.get(reference)
            if stock is not None and label is not None:
                yield label, stock

    def _leave_out(self, reference: ref[Stock]) -> None:
        self._stocks.pop(reference, None)
