"""What a process has counted up to a moment: the numbers of its `/metrics` that the view is made of."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple

from retold import telemetry
from retold.cli.exposition import Sample
from retold.cli.printable import printable
from retold.dashboards.promql import family
from retold.telemetry import label_name


class Kind(Enum):
    """What is counted. Each is split by operation, or else by one label, and some are by both."""

    CALLS = "calls that ended, by outcome"
    ATTEMPTS = "attempts that ended, by outcome"
    FAILURES = "attempts that failed, by type of error"
    MADE = "attempts that ended calls had made"
    ENDED = "calls that those are of"
    WAITED = "seconds waited between attempts"
    SPENT = "seconds spent in calls that ended"
    DURATIONS = "calls that took so many seconds or fewer"
    ACTIVE = "calls under way"
    WAITING = "calls asleep between two attempts"
    LEFT = "retries left, by budget"
    CAPACITY = "retries that fit, by budget"


class Key(NamedTuple):
    """What a number is of; `of` is the outcome, type of error, bucket or budget, if the kind is split by one."""

    kind: Kind
    operation: str = ""
    of: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """All numbers of one moment: `counters` never go back while the process lives, `gauges` do."""

    counters: dict[Key, float] = field(default_factory=dict[Key, float])
    gauges: dict[Key, float] = field(default_factory=dict[Key, float])


_BUCKET = "le"
_BUDGET = label_name(telemetry.BUDGET)
_OPERATION = label_name(telemetry.OPERATION)
_COUNTERS = {
    family(telemetry.CALLS): (Kind.CALLS, label_name(telemetry.OUTCOME)),
    family(telemetry.ATTEMPTS): (Kind.ATTEMPTS, label_name(telemetry.ATTEMPT_OUTCOME)),
    family(telemetry.ATTEMPT_FAILURES): (Kind.FAILURES, label_name(telemetry.ERROR_TYPE)),
    family(telemetry.CALL_ATTEMPTS, "sum"): (Kind.MADE, ""),
    family(telemetry.CALL_ATTEMPTS, "count"): (Kind.ENDED, ""),
    family(telemetry.RETRY_DELAYS, "sum"): (Kind.WAITED, ""),
    family(telemetry.CALL_DURATION, "sum"): (Kind.SPENT, ""),
    family(telemetry.CALL_DURATION, "bucket"): (Kind.DURATIONS, _BUCKET),
}
_GAUGES = {
    family(telemetry.CALL_ACTIVE): (Kind.ACTIVE, ""),
    family(telemetry.CALL_WAITING): (Kind.WAITING, ""),
    family(telemetry.BUDGET_AVAILABLE): (Kind.LEFT, _BUDGET),
    family(telemetry.BUDGET_CAPACITY): (Kind.CAPACITY, _BUDGET),
}


def read(samples: Iterable[Sample]) -> Reading:
    """The numbers among these samples, summed over every label that the view does not know."""
    reading = Reading()
    for sample in samples:
        for names, numbers in ((_COUNTERS, reading.counters), (_GAUGES, reading.gauges)):
            if sample.name in names and math.isfinite(sample.value):
                kind, label = names[sample.name]
                of = sample.labels.get(label, "")
                if label == _BUCKET:
                    try:
                        of = str(float(of))  # clients spell a bound as 1 or as 1.0
                    except ValueError:
                        continue
                # Whoever serves them chose the names, and a terminal obeys what is in them.
                key = Key(kind, printable(sample.labels.get(_OPERATION, "")), printable(of))
                numbers[key] = numbers.get(key, 0) + sample.value
    return reading


# Whole numbers: sums of seconds, added up in another order, may differ by a rounding.
_WHOLE = {Kind.CALLS, Kind.ATTEMPTS, Kind.FAILURES, Kind.ENDED}


def has_restarted(before: Reading, after: Reading) -> bool:
    """Whether the process began to count anew in between: a number went back."""
    return any(after.counters.get(key, 0) < value for key, value in before.counters.items() if key.kind in _WHOLE)


def increase(before: Reading, after: Reading) -> dict[Key, float]:
    """What was counted in between; of a process that began anew, what it has counted since."""
    past = {} if has_restarted(before, after) else before.counters
    grown = ((key, value - past.get(key, 0)) for key, value in after.counters.items())
    return {key: more for key, more in grown if more > 0}
