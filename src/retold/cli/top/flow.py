"""What happened to one operation, or to all of them, within some seconds, and what that says of it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from retold import AttemptOutcome, Outcome
from retold.cli.top.reading import Key, Kind

_P95 = 0.95
_GIVE_UPS = {outcome.value for outcome in Outcome if outcome.is_give_up}


class Ended(NamedTuple):
    """How many calls and attempts had an answer, and how many of these succeeded. Cancelled ones had none."""

    calls: float = 0
    calls_ok: float = 0
    attempts: float = 0
    attempts_ok: float = 0

    @property
    def effective(self) -> float | None:
        """The share of calls that succeeded: what callers see."""
        return _ratio(self.calls_ok, self.calls)

    @property
    def actual(self) -> float | None:
        """The share of attempts that succeeded: what the dependency gives."""
        return _ratio(self.attempts_ok, self.attempts)

    def __add__(self, other: object) -> Ended:
        assert isinstance(other, Ended)
        return Ended(*map(sum, zip(self, other, strict=True)))


@dataclass(frozen=True, slots=True)
class Flow:
    """What was counted within `seconds`, by kind and what splits it.

    The view's numbers mean what those of the dashboards do (`dashboards/boards/shares.py`).
    """

    seconds: float
    counts: Mapping[tuple[Kind, str], float]

    def by(self, kind: Kind) -> dict[str, float]:
        """The counts of one kind, by what splits it."""
        return {of: count for (each, of), count in self.counts.items() if each is kind}

    def total(self, kind: Kind) -> float:
        """The counts of one kind together."""
        return sum(self.by(kind).values())

    def rate(self, count: float) -> float:
        """So many, as so many a second."""
        return count / self.seconds if self.seconds else 0.0

    @property
    def calls(self) -> dict[str, float]:
        """Calls that ended, by outcome."""
        return self.by(Kind.CALLS)

    @property
    def failures(self) -> dict[str, float]:
        """Attempts that failed, by type of error."""
        return self.by(Kind.FAILURES)

    @property
    def ended(self) -> Ended:
        """How calls and attempts ended."""
        calls, attempts = self.calls, self.by(Kind.ATTEMPTS)
        return Ended(
            sum(calls.values()) - calls.get(Outcome.CANCELLED, 0),
            calls.get(Outcome.SUCCESS, 0),
            # A rejected result is no sickness.
            attempts.get(AttemptOutcome.SUCCESS, 0) + attempts.get(AttemptOutcome.ERROR, 0),
            attempts.get(AttemptOutcome.SUCCESS, 0),
        )

    @property
    def amplification(self) -> float | None:
        """Attempts for each call that ended."""
        return _ratio(self.total(Kind.MADE), self.total(Kind.ENDED))

    @property
    def give_ups(self) -> dict[str, float]:
        """Calls whose policy ran out, by what it ran out of."""
        return give_ups(self.calls)

    @property
    def asleep(self) -> float | None:
        """The share of the time in calls that was spent asleep between attempts."""
        share = _ratio(self.total(Kind.WAITED), self.total(Kind.SPENT))
        # Of calls that last, waits are counted as they end, and the rest at the call's end.
        return None if share is None else min(1.0, share)

    @property
    def p95(self) -> float | None:
        """Seconds within which 95 % of the calls ended, between two bounds as Prometheus reckons it."""
        buckets = sorted((float(bound), count) for bound, count in self.by(Kind.DURATIONS).items())
        if not buckets or buckets[-1][1] <= 0:
            return None
        rank = _P95 * buckets[-1][1]
        below, counted = 0.0, 0.0
        for bound, count in buckets:
            if count >= rank and math.isfinite(bound):
                return below + (bound - below) * (rank - counted) / (count - counted)
            if math.isfinite(bound):
                below, counted = bound, count
        return below  # beyond the last bound: at least that


def flows(seconds: float, counted: Mapping[Key, float]) -> dict[str, Flow]:
    """What was counted, as one flow for each operation."""
    split: dict[str, dict[tuple[Kind, str], float]] = {}
    for (kind, operation, of), count in counted.items():
        split.setdefault(operation, {})[kind, of] = count
    return {operation: Flow(seconds, counts) for operation, counts in split.items()}


def together(seconds: float, parts: Iterable[Flow]) -> Flow:
    """What happened to several operations within the same seconds."""
    counts: dict[tuple[Kind, str], float] = {}
    for part in parts:
        for key, count in part.counts.items():
            counts[key] = counts.get(key, 0) + count
    return Flow(seconds, counts)


def give_ups(calls: Mapping[str, float]) -> dict[str, float]:
    """Of calls by outcome, those whose policy ran out."""
    return {outcome: count for outcome, count in calls.items() if outcome in _GIVE_UPS}


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole > 0 else None
