"""What callers see beside what the dependency gives: the panel that both boards begin with."""

from __future__ import annotations

from retold.dashboards.boards.look import ACTUAL, EFFECTIVE, FIRST_TRY, SUCCESSES
from retold.dashboards.boards.model import Target, TimeSeries
from retold.dashboards.boards.queries import Scope
from retold.dashboards.boards.shares import Shares


def success(scope: Scope, *, height: int, look_at: str) -> TimeSeries:
    """The panel that matters most; `look_at` says where a sick dependency is found."""
    now = Shares(scope, over_time=True)
    return TimeSeries(
        title="Effective and actual success",
        description=(
            "Effective: share of calls that succeed, which is what callers see. Actual: share of attempts that"
            " succeed, which is what dependencies give. The gap is what retries hide. When actual falls and"
            f" effective holds, a dependency is sick and nobody has noticed yet: {look_at}, and see to it before the"
            " retries run out. When both fall, callers are hurting. Cancelled calls and attempts are left out."
        ),
        targets=(
            Target(expression=now.effective(), legend=EFFECTIVE),
            Target(expression=now.actual(), legend=ACTUAL),
            Target(expression=now.first_try(), legend=FIRST_TRY),
        ),
        unit="percentunit",
        width=16,
        height=height,
        empty="no calls ended in this time",
        most=1,
        colours=SUCCESSES,
        dashed=(FIRST_TRY,),
        summary=("min", "mean", "lastNotNull"),
    )
