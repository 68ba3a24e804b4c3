"""What retries do to the fleet: what they add, and what for."""

from __future__ import annotations

from retold import telemetry
from retold.dashboards.boards.model import Target, TimeSeries
from retold.dashboards.boards.queries import OPERATION_LABEL, Scope, total, value_of
from retold.dashboards.boards.shares import Shares

_WORST = 10
"""Operations on a panel that has a line for each."""


def load(scope: Scope) -> tuple[TimeSeries, ...]:
    """Do retries pay, or do they add load?"""
    now = Shares(scope, over_time=True)
    each = Shares(scope, over_time=True, by=(OPERATION_LABEL,))
    most = f"topk({_WORST}, {each.amplification()})"
    calls = total(scope.rate(telemetry.CALLS))
    return (
        TimeSeries(
            title="Calls and attempts",
            description=(
                "The gap is the load that retries add to dependencies. When attempts rise while calls do not, retries"
                " may keep a dependency down: lower `attempts`, or wait longer between them, and see if it recovers."
            ),
            targets=(
                Target(expression=calls, legend="calls"),
                Target(expression=total(scope.rate(telemetry.ATTEMPTS)), legend="attempts"),
            ),
            unit="cps",
            width=8,
            height=8,
            empty="no operations known",
            least=0,
            colours={"calls": "blue", "attempts": "orange"},
        ),
        TimeSeries(
            title="Attempts per call, most first",
            description=(
                f"How much each operation multiplies its load: the {_WORST} highest. 1 is no retries; above 1.5 for"
                " long, look for a dependency that is down, and for retries within retries, which multiply."
            ),
            targets=(Target(expression=most, legend=value_of(OPERATION_LABEL)),),
            unit="none",
            width=8,
            height=8,
            empty="no calls ended in this time",
            decimals=2,
        ),
        TimeSeries(
            title="Retried calls, and how many are rescued",
            description=(
                "Rescued: share of retried calls that succeed in the end. When it is near zero, retries only add load"
                " and latency: what fails is not transient, and `on` should leave it out. Nothing is shown while"
                " nothing is retried."
            ),
            targets=(
                Target(expression=now.rescued(), legend="rescued, of retried"),
                Target(expression=now.retried(), legend="retried, of all"),
            ),
            unit="percentunit",
            width=8,
            height=8,
            empty="nothing was retried",
            least=0,
            most=1,
            colours={"rescued, of retried": "green", "retried, of all": "orange"},
        ),
    )
