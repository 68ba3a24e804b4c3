"""Whether there are retries left in the budgets that calls share."""

from __future__ import annotations

from retold import telemetry
from retold.dashboards.boards.model import Target, TimeSeries
from retold.dashboards.boards.queries import Scope, total, value_of
from retold.telemetry import label_name

_BUDGET = label_name(telemetry.BUDGET)


def budgets(scope: Scope) -> tuple[TimeSeries, ...]:
    """Do budgets hold retries back?"""
    available, capacity = scope.select(telemetry.BUDGET_AVAILABLE), scope.select(telemetry.BUDGET_CAPACITY)
    return (
        TimeSeries(
            title="Left in each budget, of the process that has least",
            description=(
                "Share of a full budget. It falls while more is retried than calls and time add, and at 0 calls give"
                " up with `budget_exhausted`: look for the dependency that is down. Low without an outage, `ratio`"
                " or `min_per_second` is small for how often it fails on a good day."
            ),
            targets=(Target(expression=f"min by ({_BUDGET}) ({available} / {capacity})", legend=value_of(_BUDGET)),),
            unit="percentunit",
            width=8,
            height=6,
            empty="no policy has a budget",
            least=0,
            most=1,
        ),
        TimeSeries(
            title="Retries denied",
            description=(
                "Calls that gave up because their budget had no retry left. In an outage that is what it is for: it"
                " is load that the dependency is spared. First attempts are never denied."
            ),
            targets=(
                Target(expression=total(scope.rate(telemetry.BUDGET_DENIALS), _BUDGET), legend=value_of(_BUDGET)),
            ),
            unit="cps",
            width=8,
            height=6,
            empty="no policy has a budget",
            least=0,
        ),
        TimeSeries(
            title="Processes without a retry left",
            description=(
                "In how many processes a budget has less than one retry left. Each has a budget of its own: one of"
                " many has trouble of its own, all of them share the dependency's. A line falls for a moment whenever"
                " calls and time have added up to another retry, which the next call takes."
            ),
            targets=(
                Target(expression=total(scope.select(telemetry.BUDGET_DEGRADED), _BUDGET), legend=value_of(_BUDGET)),
            ),
            unit="short",
            width=8,
            height=6,
            empty="no policy has a budget",
            least=0,
        ),
    )
