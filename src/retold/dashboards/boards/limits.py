"""Which limit ends the calls of an operation, and who is inside of one."""

from __future__ import annotations

from retold import telemetry
from retold.dashboards.boards.look import NEUTRAL
from retold.dashboards.boards.model import Panel, Stat, Target, TimeSeries
from retold.dashboards.boards.people import give_ups, inside
from retold.dashboards.boards.queries import Scope, total


def limits(scope: Scope) -> tuple[Panel, ...]:
    """Which limit bites, and who is inside now?"""
    return give_ups(scope), _attempts_allowed(scope), inside(scope, width=6), _fallbacks(scope)


def _attempts_allowed(scope: Scope) -> Stat:
    return Stat(
        title="Attempts allowed",
        description=(
            "What the policy allows a call, the highest of all processes that are shown. If calls give up with"
            " attempts_exhausted and the last attempts still rescue some, allow more; if they rescue none, fewer."
        ),
        targets=(Target(expression=f"max({scope.select(telemetry.MAX_ATTEMPTS)})"),),
        unit="none",
        width=4,
        height=8,
        empty="no limit",
        steps=NEUTRAL,
    )


def _fallbacks(scope: Scope) -> TimeSeries:
    return TimeSeries(
        title="Give-ups, and fallbacks served",
        description=(
            "Calls that gave up, and of these how many got the policy's fallback in place of an error. The gap is"
            " what callers see as errors."
        ),
        targets=(
            Target(expression=total(scope.rate(telemetry.GIVE_UPS)), legend="gave up"),
            Target(expression=total(scope.rate(telemetry.FALLBACKS)), legend="served a fallback"),
        ),
        unit="cps",
        width=6,
        height=8,
        empty="no such operation",
        least=0,
        colours={"gave up": "red", "served a fallback": "blue"},
        dashed=("served a fallback",),
    )
