"""What there is to read of budgets: how they stand, and how often they denied a retry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol
from weakref import WeakSet

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
    what it denied, since counters never go back. Used under the journal's lock.
    """

    def __init__(self) -> None:
        self._stocks: dict[str, WeakSet[Stock]] = {}
        self._denials: dict[str, int] = {}

    def add(self, name: str, stock: Stock) -> str:
        """Make a budget known, and its denials exist at 0. Returns the label that it has."""
        label = self._label(name)
        self._denials.setdefault(label, 0)
        self._stocks.setdefault(label, WeakSet()).add(stock)
        return label

    def denied(self, name: str) -> str:
        """Count a denial. Returns the label."""
        label = self._label(name)
        self._denials[label] = self._denials.get(label, 0) + 1
        return label

    def gauges(self) -> Mapping[Metric, Mapping[Labels, float]]:
        """How budgets stand now."""
        stocks = {label: list(alike) for label, alike in self._stocks.items()}
        available = {label: [stock.available for stock in alike] for label, alike in stocks.items() if alike}
        return {
            telemetry.BUDGET_AVAILABLE: {(label,): sum(left) for label, left in available.items()},
            telemetry.BUDGET_CAPACITY: {
                (label,): sum(stock.capacity for stock in stocks[label]) for label in available
            },
            telemetry.BUDGET_DEGRADED: {(label,): int(min(left) < 1) for label, left in available.items()},
        }

    def denials(self) -> Mapping[Labels, int]:
        """How often each denied a retry."""
        return {(label,): count for label, count in self._denials.items()}

    def restart(self) -> None:
        """Start from zero, with all budgets full, as a forked child does."""
        self._denials = dict.fromkeys(self._denials, 0)
        for alike in self._stocks.values():
            for stock in alike:
                stock.restart()

    def forget(self) -> None:
        """Forget all of them."""
        self._stocks.clear()
        self._denials.clear()

    def _label(self, name: str) -> str:
        return name if name in self._denials or len(self._denials) < telemetry.MAX_BUDGETS else telemetry.OTHER
