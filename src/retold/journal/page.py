"""The page of one operation: where calls write, without waiting for anyone.

Writing is a `list.append`, which is atomic, so threads never queue. What must stay true: there is one list, on which
a call's beginning comes before its attempts and its end after them. So whatever a reader takes off its front agrees
with itself: no more calls than attempts, none over that has not begun, none asleep that is not active. Only a call
that began before a fork can end without having begun here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias, TypeVar, cast

from retold.events import AttemptOutcome, Outcome
from retold.journal.totals import Exemplar, Observations, OperationTotals, Totals
from retold.telemetry import Metric

FOLD_AT = 128
"""Entries on a page at which its writer folds it."""

_WAIT_BEGAN = (OperationTotals.begin_wait,)

T = TypeVar("T")


# None is a call that began, a number the seconds of one that succeeded at once: the common case makes no object.
# Anything else is a method of the totals and its arguments.
_Entry: TypeAlias = tuple[Any, ...] | float | None


class Page:
    """What happened to one operation.

    Attributes:
        entries: The one list, for those who write on it directly: None for a call that began, and the seconds of
            one that succeeded at once. It is the same list as long as the page lives.

    Args:
        operation: Its name.
        fold: Folds this page, unless somebody is folding already. Called when a list has grown long.
        observed: Told every value of a histogram, while folding.
    """

    __slots__ = (
        "_exemplars",
        "_fold",
        "_observed",
        "_totals",
        "called",
        "entries",
        "operation",
    )

    def __init__(self, operation: str, fold: Callable[[Page], None], observed: Callable[[Observations], None]) -> None:
        self.operation = operation
        self.called = False
        self._fold = fold
        self._observed = observed
        self.entries: list[_Entry] = []
        self._exemplars: list[tuple[Metric, str, Exemplar]] = []
        self.clear()

    def clear(self) -> None:
        """Start from zero."""
        self.entries.clear()
        self._exemplars.clear()
        self._totals = OperationTotals(self.operation, self._observed)

    def fold_now(self) -> None:
        """Fold this page, unless somebody is folding already."""
        self._fold(self)

    def call_began(self) -> None:
        self.entries.append(None)

    def succeeded_at_once(self, duration: float) -> None:
        """A call succeeded with its first attempt: `duration` is the attempt's and the call's."""
        self.entries.append(duration)
        if len(self.entries) >= FOLD_AT:
            self._fold(self)

    def attempt_ended(self, outcome: AttemptOutcome, duration: float, error_type: str | None) -> None:
        self.entries.append((OperationTotals.add_attempt, outcome, duration, error_type))

    def wait_began(self) -> None:
        self.entries.append(_WAIT_BEGAN)

    def wait_ended(self, seconds: float) -> None:
        self.entries.append((OperationTotals.add_wait, seconds))
        if len(self.entries) >= FOLD_AT:
            self._fold(self)

    def call_ended(self, outcome: Outcome, attempts: int, duration: float, fallback: bool) -> None:
        self.entries.append((OperationTotals.add_call, outcome, attempts, duration, fallback))
        if len(self.entries) >= FOLD_AT:
            self._fold(self)

    def show(self, metric: Metric, outcome: str, exemplar: Exemplar) -> None:
        """Show a sampled span, which lasted `exemplar.value`, beside the bucket of `metric` it fell into."""
        self._exemplars.append((metric, outcome, exemplar))
        if len(self._exemplars) >= FOLD_AT:
            self._fold(self)

    def fold(self) -> int:
        """Move what has been written into the totals. Returns how many labels overflowed.

        Only one thread at a time may fold or read.
        """
        totals = self._totals
        entries = _take(self.entries)
        others: list[Any] = []
        at_once = [entry for entry in entries if entry is not None]
        if tuple in set(map(type, at_once)):
            others = [entry for entry in at_once if type(entry) is tuple]
            at_once = [entry for entry in at_once if type(entry) is not tuple]
        totals.begun += len(entries) - len(at_once) - len(others)
        if at_once:
            totals.add_at_once(cast("list[float]", at_once))
        for entry in others:
            entry[0](totals, *entry[1:])
        for metric, outcome_label, exemplar in _take(self._exemplars):
            totals.show(metric, outcome_label, exemplar)
        totals.begun = max(totals.begun, totals.ended)
        overflows, totals.overflows = totals.overflows, 0
        return overflows

    def read(self) -> Totals:
        """The totals as of the last fold."""
        return self._totals.read()


def _take(written: list[T]) -> list[T]:
    """Remove and return what is there now; what is appended meanwhile stays."""
    taken = written[:]
    del written[: len(taken)]
    return taken
