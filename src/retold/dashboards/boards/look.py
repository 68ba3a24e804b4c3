"""Colours that mean the same on every panel, by names that Grafana shades for dark and light."""

from __future__ import annotations

from retold.dashboards.boards.model import Step
from retold.events import AttemptOutcome, Outcome

GOOD, FAIR, BAD, PLAIN = "green", "orange", "red", "blue"

EFFECTIVE, ACTUAL, FIRST_TRY = "effective (calls)", "actual (attempts)", "first try"
"""The lines of the panel that matters most."""

SUCCESSES = {EFFECTIVE: GOOD, ACTUAL: BAD, FIRST_TRY: "gray"}

OUTCOMES = {
    Outcome.SUCCESS.value: GOOD,
    Outcome.NOT_RETRYABLE.value: "light-blue",
    Outcome.ATTEMPTS_EXHAUSTED.value: "red",
    Outcome.DEADLINE_EXCEEDED.value: "orange",
    Outcome.BUDGET_EXHAUSTED.value: "purple",
    Outcome.HINT_REFUSED.value: "yellow",
    Outcome.ABORTED.value: "light-purple",
    Outcome.CANCELLED.value: "gray",
}

RESCUED = "blue"
"""Calls that succeeded after retries."""

ATTEMPT_OUTCOMES = {
    AttemptOutcome.SUCCESS.value: GOOD,
    AttemptOutcome.ERROR.value: BAD,
    AttemptOutcome.REJECTED.value: "yellow",
    AttemptOutcome.CANCELLED.value: "gray",
}

QUANTILES = {"p50": "green", "p95": "yellow", "p99": "orange"}


def from_below(fair: float, good: float) -> tuple[Step, ...]:
    """Bad, fair from here and good from there upwards: for shares that should be high."""
    return Step(None, BAD), Step(fair, FAIR), Step(good, GOOD)


def from_above(fair: float, bad: float) -> tuple[Step, ...]:
    """Good, fair from here and bad from there upwards: for what should be low."""
    return Step(None, GOOD), Step(fair, FAIR), Step(bad, BAD)


NEUTRAL = (Step(None, PLAIN),)
"""For numbers of which none is good or bad."""
