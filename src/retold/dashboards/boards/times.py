"""What the calls of an operation take, and how much of it is waiting."""

from __future__ import annotations

from retold import telemetry
from retold.dashboards.boards.look import QUANTILES, from_above
from retold.dashboards.boards.model import Gauge, Heatmap, Panel, Target, TimeSeries
from retold.dashboards.boards.queries import Scope, by_bucket, quantile
from retold.dashboards.boards.shares import Shares
from retold.telemetry import Metric


def times(scope: Scope) -> tuple[Panel, ...]:
    """What do callers wait for?"""
    return (
        _latency(
            scope,
            telemetry.CALL_DURATION,
            "How long calls take",
            "What callers wait, attempts and backoff included. Far above what attempts take, most of it is waiting"
            " between them: see time asleep. The dots are traces of single calls.",
        ),
        _latency(
            scope,
            telemetry.ATTEMPT_DURATION,
            "How long attempts take",
            "What the dependency takes. When it rises, the dependency is slow: an `attempt_timeout` lets callers try"
            " again sooner, a `timeout` lets them go. The dots are traces of single attempts.",
        ),
        Gauge(
            title="Time asleep",
            description=(
                "Share of the time in calls that is backoff, over the whole time shown. Above a half, callers wait"
                " for waits more than for the dependency: a shorter backoff, fewer attempts or a `timeout` would help"
                " them."
            ),
            targets=(Target(expression=Shares(scope, over_time=False).waiting()),),
            unit="percentunit",
            width=4,
            height=8,
            empty="no calls",
            decimals=1,
            least=0,
            most=1,
            steps=from_above(0.3, 0.5),
        ),
        TimeSeries(
            title="Share of time asleep",
            description=(
                "How much of the time in calls is backoff. A wait counts when it ends, its call when that ends, so"
                " the line may pass 100 % for a moment while many calls wait at once."
            ),
            targets=(Target(expression=Shares(scope, over_time=True).waiting(), legend="asleep"),),
            unit="percentunit",
            width=10,
            height=8,
            empty="no calls ended in this time",
            least=0,
            colours={"asleep": "purple"},
        ),
        Heatmap(
            title="Delays between attempts",
            description=(
                "How long calls waited before their next attempt. Jitter is at work when each band is wide. One"
                " narrow band is a crowd that comes back together: use a backoff with jitter."
            ),
            targets=(Target(expression=by_bucket(scope.rate(telemetry.RETRY_DELAYS, part="bucket")), legend="{{le}}"),),
            unit="cps",
            y_unit="s",
            width=14,
            height=8,
            empty="nothing was retried",
        ),
    )


def _latency(scope: Scope, metric: Metric, title: str, description: str) -> TimeSeries:
    buckets = scope.rate(metric, part="bucket")
    return TimeSeries(
        title=title,
        description=description,
        targets=tuple(
            Target(expression=quantile(below, buckets), legend=name, exemplars=below == max(_QUANTILES.values()))
            for name, below in _QUANTILES.items()
        ),
        unit="s",
        width=10,
        height=8,
        empty="no calls ended in this time",
        least=0,
        colours=QUANTILES,
    )


_QUANTILES = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
