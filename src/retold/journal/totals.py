"""The numbers of one operation, metric by metric.

What is kept is how often each kind of entry was written, and the histograms that their values went to. Counters and
gauges are worked out from that when somebody reads.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeAlias

from retold import telemetry
from retold.events import AttemptOutcome, Outcome
from retold.journal.followers import Followers
from retold.journal.histogram import Distribution, Exemplar, Histogram, Labels
from retold.journal.kinds import MAKING, Append, Kind, Kinds, RowKind, Series
from retold.telemetry import Metric

# Attempts and calls succeed by the same word.
_SUCCESS: Final = "success"
# In the place of types of error for which there is no room: no type has this name.
_NO_ROOM: Final = ""

Value: TypeAlias = int | float | Distribution
Totals: TypeAlias = Mapping[Metric, Mapping[Labels, Value]]
"""Everything that there is to read, by metric and labels."""


class OperationTotals:
    """Counters, gauges and histograms of one operation.

    Counters whose labels can be listed beforehand are born at 0: one that is born at 1 has no increase, and
    the first give-up would be invisible to every alert. Histograms are born at their first observation.

    Attributes:
        attempts: Attempts, but for those of calls that succeed at once: by outcome and type of error. The value is
            the duration.
        raised: Attempts that raised, and with whose end a wait begins: by type of error. The value is the duration.
        repeated: The same where the next attempt follows at once, after a wait of no time.
        recovered: Calls that succeed after other attempts, together with their last. Values are the durations of the
            attempt and of the call, and the number of attempts.
        ended: All other calls that do not succeed at once: by outcome, whether there was more than one attempt, whether
            a fallback was served, and which budget denied a retry, if one did. Values are the duration and the number
            of attempts.
        waits: Waits that are over. The value is how long they were.
        sleeps: Waits that begin. The value is 0.
        nested: Calls that make a second attempt inside of another call that retries. The value is 0.
    """

    def __init__(self, operation: str, followers: Followers) -> None:
        self._operation = name = operation
        self._followers = followers
        self._born: dict[Metric, dict[Labels, int]] = {
            telemetry.CALLS: {(name, outcome, retried): 0 for outcome in Outcome for retried in (False, True)},
            telemetry.ATTEMPTS: {(name, outcome): 0 for outcome in AttemptOutcome},
            telemetry.ATTEMPT_FAILURES: {},
            telemetry.NESTED_RETRIES: {(name,): 0},
            telemetry.GIVE_UPS: {(name, outcome): 0 for outcome in Outcome if outcome.is_give_up},
            telemetry.FALLBACKS: {(name,): 0},
            telemetry.BUDGET_DENIALS: {},
            telemetry.LABEL_OVERFLOWS: {},
        }
        self._histograms: dict[Series, Histogram] = {}
        self._kinds: list[Kind] = []
        self._error_types: set[str] = set()
        self._calls_elsewhere = self._waits_elsewhere = 0

        shared = (telemetry.LABEL_OVERFLOWS, (telemetry.OPERATION,))
        self._begun = self._kind([shared] if name == telemetry.OTHER else [])
        self._at_once = self._kind(
            [(telemetry.CALLS, (name, _SUCCESS, False)), (telemetry.ATTEMPTS, (name, _SUCCESS))],
            (telemetry.ATTEMPT_DURATION, (name, _SUCCESS)),
            (telemetry.CALL_DURATION, (name, _SUCCESS)),
        )
        self._at_once.constants = [(self._histogram(telemetry.CALL_ATTEMPTS, (name, _SUCCESS)), 1)]
        self.recovered = self._kind(
            [(telemetry.CALLS, (name, _SUCCESS, True)), (telemetry.ATTEMPTS, (name, _SUCCESS))],
            (telemetry.ATTEMPT_DURATION, (name, _SUCCESS)),
            (telemetry.CALL_DURATION, (name, _SUCCESS)),
            (telemetry.CALL_ATTEMPTS, (name, _SUCCESS)),
            make=RowKind,
        )
        self._ends = [self._at_once, self.recovered]
        self.waits = self._kind([], (telemetry.RETRY_DELAYS, (name,)))
        self.sleeps = self._kind([])
        self._sleepers = [self.sleeps]
        self.nested = self._kind([(telemetry.NESTED_RETRIES, (name,))])
        self.attempts: Kinds[tuple[AttemptOutcome, str | None]] = Kinds(self._attempt)
        self.raised: Kinds[str] = Kinds(self._raised)
        self.repeated: Kinds[str] = Kinds(self._repeated)
        self.ended: Kinds[tuple[Outcome, bool, bool, str | None]] = Kinds(self._call)

    def begin(self, count: int) -> None:
        """Count calls that began."""
        self._begun.add(count)

    def add_at_once(self, durations: list[float], total: float) -> None:
        """Count calls that succeeded with their first attempts, which lasted as long as the calls."""
        durations.sort()
        self._at_once.take(durations, total)

    def pour(self) -> None:
        """Count what has been gathered in all kinds."""
        for kind in self._kinds:
            if kind.values:
                kind.pour()

    def show(self, metric: Metric, outcome: str, exemplar: Exemplar) -> None:
        """Keep an exemplar, if its histogram has been born by now."""
        histogram = self._histograms.get((metric, (self._operation, outcome)))
        if histogram is not None and histogram.born:
            histogram.show(exemplar)

    def gauges(self) -> dict[Metric, dict[Labels, int]]:
        """How many calls are active, and how many of them are asleep."""
        begun, ended = self._begun.count, sum(kind.count for kind in self._ends)
        slept, woken = sum(kind.count for kind in self._sleepers), self.waits.count
        # What began before a fork ends after it without having begun here.
        self._calls_elsewhere = max(self._calls_elsewhere, ended - begun)
        self._waits_elsewhere = max(self._waits_elsewhere, woken - slept)
        labels = (self._operation,)
        return {
            telemetry.CALL_ACTIVE: {labels: begun + self._calls_elsewhere - ended},
            telemetry.CALL_WAITING: {labels: slept + self._waits_elsewhere - woken},
        }

    def counters(self) -> dict[Metric, dict[Labels, int]]:
        """All counters."""
        counters = {metric: dict(series) for metric, series in self._born.items()}
        for kind in self._kinds:
            if kind.count:
                for metric, labels in kind.counters:
                    counters[metric][labels] = counters[metric].get(labels, 0) + kind.count
        return counters

    def read(self) -> Totals:
        totals: dict[Metric, dict[Labels, Value]] = {**self.counters(), **self.gauges()}  # type: ignore[dict-item]
        for histogram in list(self._histograms.values()):  # to which a writer may add one
            if histogram.born:
                totals.setdefault(histogram.metric, {})[histogram.labels] = histogram.read()
        return totals

    def _attempt(self, key: tuple[AttemptOutcome, str | None]) -> Append:
        outcome, error_type = key
        with MAKING:
            key = (outcome, error_type and self._room_for(error_type))
            return self.attempts.get(key) or self.attempts.setdefault(key, self._new_attempt(*key).append)

    def _raised(self, error_type: str) -> Append:
        with MAKING:
            key = self._room_for(error_type)
            append = self.raised.get(key)
            if append is None:
                kind = self._new_attempt(AttemptOutcome.ERROR, key)
                self._sleepers.append(kind)
                append = self.raised[key] = kind.append
            return append

    def _repeated(self, error_type: str) -> Append:
        with MAKING:
            key = self._room_for(error_type)
            append = self.repeated.get(key)
            if append is None:
                kind = self._new_attempt(AttemptOutcome.ERROR, key)
                kind.constants = [(self._histogram(telemetry.RETRY_DELAYS, (self._operation,)), 0.0)]
                append = self.repeated[key] = kind.append
            return append

    def _room_for(self, error_type: str) -> str:
        """The type of error, or what stands for all those for which there is no room."""
        if error_type not in self._error_types and len(self._error_types) >= telemetry.MAX_ERROR_TYPES:
            return _NO_ROOM
        self._error_types.add(error_type)
        return error_type

    def _new_attempt(self, outcome: AttemptOutcome, error_type: str | None) -> Kind:
        name = self._operation
        counters: list[Series] = [(telemetry.ATTEMPTS, (name, outcome))]
        if error_type == _NO_ROOM:
            error_type = telemetry.OTHER
            counters.append((telemetry.LABEL_OVERFLOWS, (telemetry.ERROR_TYPE,)))
        if error_type is not None:
            counters.append((telemetry.ATTEMPT_FAILURES, (name, error_type)))
        return self._kind(counters, (telemetry.ATTEMPT_DURATION, (name, outcome)))

    def _call(self, key: tuple[Outcome, bool, bool, str | None]) -> Append:
        """A kind of calls."""
        with MAKING:
            return self.ended.get(key) or self.ended.setdefault(key, self._new_call(*key).append)

    def _new_call(self, outcome: Outcome, retried: bool, fallback: bool, budget: str | None) -> Kind:
        name = self._operation
        counters: list[Series] = [(telemetry.CALLS, (name, outcome, retried))]
        if outcome.is_give_up:
            counters.append((telemetry.GIVE_UPS, (name, outcome)))
        if fallback:
            counters.append((telemetry.FALLBACKS, (name,)))
        if budget is not None:
            counters.append((telemetry.BUDGET_DENIALS, (budget,)))
        histograms = (telemetry.CALL_DURATION, (name, outcome)), (telemetry.CALL_ATTEMPTS, (name, outcome))
        kind = self._kind(counters, *histograms, make=RowKind)
        self._ends.append(kind)
        return kind

    def _kind(self, counters: list[Series], *histograms: Series, make: type[Kind] = Kind) -> Kind:
        kind = make(self._followers, counters, [self._histogram(*series) for series in histograms])
        self._kinds.append(kind)
        return kind

    def _histogram(self, metric: Metric, labels: Labels) -> Histogram:
        return self._histograms.setdefault((metric, labels), Histogram(metric, labels))
