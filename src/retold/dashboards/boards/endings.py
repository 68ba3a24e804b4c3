"""How calls and attempts of an operation end, and with which errors."""

from __future__ import annotations

from retold import telemetry
from retold.dashboards.boards.look import ATTEMPT_OUTCOMES, OUTCOMES, RESCUED
from retold.dashboards.boards.model import Column, Panel, Table, Target, TimeSeries
from retold.dashboards.boards.queries import Scope, total, value_of
from retold.dashboards.matchers import AT_ONCE, RETRIED
from retold.events import Outcome
from retold.telemetry import label_name

_TYPES = 10
"""Types of errors in the table."""

_AFTER = "after retries"


def endings(scope: Scope) -> tuple[Panel, ...]:
    """How do calls end, and what breaks?"""
    return _calls(scope), _attempts(scope), _failures(scope)


def _calls(scope: Scope) -> TimeSeries:
    outcome = label_name(telemetry.OUTCOME)
    at_once = total(scope.rate(telemetry.CALLS, AT_ONCE), outcome)
    retried = total(scope.rate(telemetry.CALLS, RETRIED), outcome)
    return TimeSeries(
        title="Calls by outcome, and whether they were retried",
        description=(
            "Calls that ended, one upon the other. Much success after retries: callers are well and slow. Much"
            " not_retryable: the dependency answers no, and the fault is more likely on this side. What ends in the"
            " other ways has run out of something: see the limits below."
        ),
        targets=(
            Target(expression=f"{at_once} > 0", legend=value_of(outcome)),
            Target(expression=f"{retried} > 0", legend=f"{value_of(outcome)} {_AFTER}"),
        ),
        unit="cps",
        width=9,
        height=8,
        empty="no calls ended in this time",
        least=0,
        colours=OUTCOMES
        | {f"{name} {_AFTER}": colour for name, colour in OUTCOMES.items()}
        | {f"{Outcome.SUCCESS} {_AFTER}": RESCUED},
        stacked=True,
    )


def _attempts(scope: Scope) -> TimeSeries:
    outcome = label_name(telemetry.ATTEMPT_OUTCOME)
    return TimeSeries(
        title="Attempts by outcome",
        description=(
            "What the dependency answers. `rejected` is a result that `on_result` sent back, as polling does; it is"
            " not sickness. Many `cancelled`: `attempt_timeout` or the callers end them."
        ),
        targets=(Target(expression=total(scope.rate(telemetry.ATTEMPTS), outcome), legend=value_of(outcome)),),
        unit="cps",
        width=7,
        height=8,
        empty="no such operation",
        least=0,
        colours=ATTEMPT_OUTCOMES,
        stacked=True,
    )


def _failures(scope: Scope) -> Table:
    kind = label_name(telemetry.ERROR_TYPE)
    failures = total(scope.increase(telemetry.ATTEMPT_FAILURES), kind)
    return Table(
        title="Failed attempts by type of error",
        description=(
            f"Over the whole time shown, the {_TYPES} most frequent. A type that no retry can mend does not belong"
            " into `on`. `_OTHER` stands for all types beyond the limit: name them with `configure(error_type=)`."
        ),
        targets=(Target(expression=f"topk({_TYPES}, {failures} > 0)", legend="Failures"),),
        unit="short",
        width=8,
        height=8,
        empty="no attempt failed",
        label=kind,
        label_title="Type",
        columns={"Failures": Column(unit="locale", decimals=0)},
        sorted_by="Failures",
    )
