"""The page of one operation: where calls write, without waiting for anyone.

Writing is a `list.append`, which is atomic, so threads never queue. What must stay true: there is one list, on which
a call's beginning comes before its attempts and its end after them. So whatever a reader takes off its front agrees
with itself: no more calls than attempts, none over that has not begun, none asleep that is not active, and none active
that has ended before another began. Only a call that began before a fork can end without having begun here.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from typing import Any, Final, TypeAlias

from retold.events import AttemptOutcome, Outcome
from retold.journal.followers import Followers
from retold.journal.histogram import Exemplar
from retold.journal.kinds import Append
from retold.journal.totals import OperationTotals, Totals
from retold.telemetry import Metric

FOLD_AT: Final = 128
"""Entries on a page at which its writer folds it, and how many of them it takes at most."""

# None is a call that began, a number the seconds of one that succeeded at once: the common case makes no object.
# Anything else is how to gather entries of its kind, and the value of this one.
_Entry: TypeAlias = tuple[Append, object] | float | None


class Page:
    """What happened to one operation.

    Attributes:
        called: Whether a call has asked for it.
        named: Whether somebody gave the operation its name.
        entries: The one list. It is the same list as long as the page lives.
        write: Puts an entry on it, for those who write directly: None for a call that began, and the seconds of one
            that succeeded at once. Whoever does has to fold when there are `FOLD_AT`.

    Args:
        operation: Its name.
        fold: Folds this page, unless somebody is folding already. Called when a list has grown long.
        followers: Told of every change, while folding.
    """

    __slots__ = (
        "_exemplars",
        "_fold",
        "_followers",
        "_totals",
        "called",
        "entries",
        "named",
        "operation",
        "write",
    )

    def __init__(self, operation: str, fold: Callable[[Page], None], followers: Followers) -> None:
        self.operation = operation
        self.called = False
        self.named = False
        self._fold = fold
        self._followers = followers
        self.entries: list[_Entry] = []
        self.write: Callable[[_Entry], None] = self.entries.append
        self._exemplars: dict[tuple[Metric, str, int], Exemplar] = {}  # by metric, outcome and bucket
        self.clear()

    def clear(self) -> None:
        """Start from zero."""
        self.entries.clear()
        self._exemplars.clear()
        self._totals = OperationTotals(self.operation, self._followers)

    def write_through(self, fold: Callable[[Page], None]) -> None:
        """From now on, have every entry folded by `fold` as soon as it is written."""

        append = self.entries.append

        def write(entry: _Entry) -> None:
            append(entry)
            fold(self)

        self.write = write

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
        self.write((self._totals.attempts[outcome, error_type], duration))

    def attempt_raised(self, duration: float, error_type: str) -> None:
        """An attempt raised, and a wait begins: one entry for the two."""
        self.write((self._totals.raised[error_type], duration))

    def attempt_repeated(self, duration: float, error_type: str) -> None:
        """An attempt raised, and the next follows after a wait of no time: one entry for attempt and wait."""
        self.write((self._totals.repeated[error_type], duration))

    def wait_began(self) -> None:
        self.write((self._totals.sleeps.append, 0.0))

    def wait_ended(self, seconds: float) -> None:
        self.write((self._totals.waits.append, seconds))
        if len(self.entries) >= FOLD_AT:
            self._fold(self)

    def nested_retried(self) -> None:
        """A call that runs inside of another that retries makes its second attempt."""
        self.write((self._totals.nested.append, 0.0))

    def call_ended(
        self, outcome: Outcome, attempts: int, duration: float, fallback: bool, budget: str | None = None
    ) -> None:
        """A call ended; `budget` is the label of the one that denied it a retry, if one did."""
        self.write((self._totals.ended[outcome, attempts > 1, fallback, budget], (duration, attempts)))
        if len(self.entries) >= FOLD_AT:
            self._fold(self)

    def call_recovered(self, attempt_duration: float, attempts: int, duration: float) -> None:
        """An attempt succeeded after others, and so did the call: one entry for the two."""
        self.write((self._totals.recovered.append, (attempt_duration, duration, attempts)))
        if len(self.entries) >= FOLD_AT:
            self._fold(self)

    def show(self, metric: Metric, outcome: str, exemplar: Exemplar) -> None:
        """Show a sampled span, which lasted `exemplar.value`, beside the bucket of `metric` it fell into.

        A bucket shows one, so none but the last is kept for whoever reads.
        """
        self._exemplars[metric, outcome, bisect_left(metric.buckets, exemplar.value)] = exemplar

    def fold(self, most: int | None = None) -> int:
        """Move what has been written, or the first `most` entries, into the totals. Returns how many they were.

        Only one thread at a time may fold or read.
        """
        totals = self._totals
        entries = _take(self.entries, most)
        ended: list[Any] = [entry for entry in entries if entry is not None]
        totals.begin(len(entries) - len(ended))
        try:
            seconds = sum(ended)
        except TypeError:  # not only numbers
            written, ended = ended, []
            at_once = ended.append
            for entry in written:
                if type(entry) is tuple:
                    append, value = entry
                    append(value)
                else:
                    at_once(entry)
            seconds = sum(ended)
            totals.pour()
        if ended:
            totals.add_at_once(ended, seconds)
        return len(entries)

    def tell_gauges(self) -> None:
        """Tell followers how the gauges stand."""
        for follower in self._followers.all:
            for metric, series in self._totals.gauges().items():
                for labels, value in series.items():
                    follower.stands(metric, labels, value)

    def read(self) -> Totals:
        """Everything as of the last fold."""
        for (metric, outcome, _), exemplar in self._exemplars.copy().items():
            self._totals.show(metric, outcome, exemplar)
        return self._totals.read()


def _take(written: list[_Entry], most: int | None) -> list[_Entry]:
    """Remove and return what is there now, or the first of it; what is appended meanwhile stays."""
    taken = written[:most]
    del written[: len(taken)]
    return taken
