"""The page of one operation: where calls write, without waiting for anyone.

Writing is a `list.append`, which is atomic, so threads never queue. There are two lists: one for beginnings and for
calls that succeed at once, which is nearly all, and one for everything else. What must stay true: each keeps its
order, a call's beginning is written before anything else of it, and readers take the second list first. So whatever
they take agrees with itself: no more calls than attempts, none over that has not begun, none asleep that is not
active. Only a call that began before a fork can end without having begun here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias, TypeVar

from retold.events import AttemptOutcome, Outcome
from retold.journal.followers import Followers
from retold.journal.histogram import Exemplar
from retold.journal.kinds import Append
from retold.journal.totals import OperationTotals, Totals
from retold.telemetry import Metric

FOLD_AT: Final = 64
"""Entries on a page at which its writer folds it, and how many of them it takes at most."""

T = TypeVar("T")

# How to gather entries of its kind, and the value of this one.
_Event: TypeAlias = tuple[Append, object]


class Page:
    """What happened to one operation.

    Attributes:
        entries: The first list: None for a call that began, and the seconds of one that succeeded at once, so that
            the common case makes no object. It is the same list as long as the page lives.
        write: Puts an entry on it. Whoever does has to fold when there are `FOLD_AT`.

    Args:
        operation: Its name.
        fold: Folds this page, unless somebody is folding already. Called when a list has grown long.
        followers: Told of every change, while folding.
    """

    __slots__ = (
        "_events",
        "_exemplars",
        "_fold",
        "_followers",
        "_totals",
        "_write_event",
        "called",
        "entries",
        "operation",
        "write",
    )

    def __init__(self, operation: str, fold: Callable[[Page], None], followers: Followers) -> None:
        self.operation = operation
        self.called = False
        self._fold = fold
        self._followers = followers
        self.entries: list[float | None] = []
        self.write: Callable[[float | None], None] = self.entries.append
        self._events: list[_Event] = []
        self._write_event: Callable[[_Event], None] = self._events.append
        self._exemplars: list[tuple[Metric, str, Exemplar]] = []
        self.clear()

    def clear(self) -> None:
        """Start from zero."""
        self.entries.clear()
        self._events.clear()
        self._exemplars.clear()
        self._totals = OperationTotals(self.operation, self._followers)

    def fold_now(self) -> None:
        """Fold this page, unless somebody is folding already."""
        self._fold(self)

    def call_began(self) -> None:
        self.write(None)

    def succeeded_at_once(self, duration: float) -> None:
        """A call succeeded with its first attempt: `duration` is the attempt's and the call's."""
        self.write(duration)
        if len(self.entries) >= FOLD_AT:
            self._fold(self)

    def attempt_ended(self, outcome: AttemptOutcome, duration: float, error_type: str | None) -> None:
        self._write_event((self._totals.attempts[outcome, error_type], duration))

    def attempt_raised(self, duration: float, error_type: str) -> None:
        """An attempt raised, and a wait begins: one entry for the two."""
        self._write_event((self._totals.retried[error_type], duration))

    def wait_began(self) -> None:
        self._write_event((self._totals.sleeps.append, 0.0))

    def wait_ended(self, seconds: float) -> None:
        self._write_event((self._totals.waits.append, seconds))
        if len(self._events) + len(self.entries) >= FOLD_AT:
            self._fold(self)

    def call_ended(self, outcome: Outcome, attempts: int, duration: float, fallback: bool) -> None:
        self._write_event((self._totals.ended[outcome, attempts > 1, fallback], (duration, attempts)))
        if len(self._events) + len(self.entries) >= FOLD_AT:
            self._fold(self)

    def show(self, metric: Metric, outcome: str, exemplar: Exemplar) -> None:
        """Show a sampled span, which lasted `exemplar.value`, beside the bucket of `metric` it fell into."""
        self._exemplars.append((metric, outcome, exemplar))
        if len(self._exemplars) >= FOLD_AT:
            self._fold(self)

    def fold(self, most: int | None = None) -> int:
        """Move what has been written, or the first `most` entries, into the totals. Returns how many they were.

        Only one thread at a time may fold or read.
        """
        totals = self._totals
        events = _take(self._events, most)
        entries = _take(self.entries, None if most is None else most - len(events))
        for append, value in events:
            append(value)
        at_once = [entry for entry in entries if entry is not None]
        begun = len(entries) - len(at_once)
        if begun:
            totals.begin(begun)
        if at_once:
            totals.add_at_once(at_once)
        if events:
            totals.pour()
        for metric, outcome, exemplar in _take(self._exemplars) if self._exemplars else ():
            totals.show(metric, outcome, exemplar)
        return len(events) + len(entries)

    def read(self) -> Totals:
        """Everything as of the last fold."""
        return self._totals.read()


def _take(written: list[T], most: int | None = None) -> list[T]:
    """Remove and return what is there now, or the first of it; what is appended meanwhile stays."""
    taken = written[:most]
    del written[: len(taken)]
    return taken
