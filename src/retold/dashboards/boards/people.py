"""To whom retries happen: who gives up, who is inside of a call, who walks away."""

from __future__ import annotations

from retold import telemetry
from retold.dashboards.boards.look import OUTCOMES
from retold.dashboards.boards.model import Target, TimeSeries
from retold.dashboards.boards.queries import Scope, total, value_of
from retold.dashboards.boards.shares import Shares
from retold.telemetry import label_name


def people(scope: Scope) -> tuple[TimeSeries, ...]:
    """Who gives up, who is inside now, who walks away?"""
    return give_ups(scope), inside(scope, width=8), _cancelled(scope)


def give_ups(scope: Scope) -> TimeSeries:
    """Which limits bite."""
    outcome = label_name(telemetry.OUTCOME)
    return TimeSeries(
        title="Give-ups by the limit that bit",
        description=(
            "Calls whose policy ran out, by what it ran out of. attempts_exhausted: the dependency is down for longer"
            " than the policy lasts. deadline_exceeded: `timeout` is short for what attempts and waits take."
            " hint_refused: the server asks for more patience than `hint_cap`. budget_exhausted: too much is retried"
            " at once."
        ),
        targets=(Target(expression=total(scope.rate(telemetry.GIVE_UPS), outcome), legend=value_of(outcome)),),
        unit="cps",
        width=8,
        height=8,
        empty="no operations known",
        least=0,
        colours=OUTCOMES,
    )


def inside(scope: Scope, *, width: int) -> TimeSeries:
    """Who is in a call, and who is asleep."""
    return TimeSeries(
        title="In a call, and asleep in one",
        description=(
            "Callers that are inside now, and how many of them only wait between attempts. Both rising at a steady"
            " rate of calls means that calls take longer; all of them asleep, that an outage is being waited out."
        ),
        targets=(
            Target(expression=total(scope.select(telemetry.CALL_ACTIVE)), legend="in a call"),
            Target(expression=total(scope.select(telemetry.CALL_WAITING)), legend="asleep"),
        ),
        unit="short",
        width=width,
        height=8,
        empty="no operations known",
        least=0,
        colours={"in a call": "blue", "asleep": "purple"},
    )


def _cancelled(scope: Scope) -> TimeSeries:
    return TimeSeries(
        title="Callers that walk away",
        description=(
            "Share of calls that were cancelled from outside. A caller whose own timeout is shorter than the policy"
            " turns an outage into cancelled calls, and no failure ratio shows it: give the policy a `timeout` below"
            " the caller's."
        ),
        targets=(Target(expression=Shares(scope, over_time=True).cancelled(), legend="cancelled"),),
        unit="percentunit",
        width=8,
        height=8,
        empty="no calls ended in this time",
        least=0,
        colours={"cancelled": "gray"},
    )
