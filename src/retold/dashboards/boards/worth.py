"""Whether another attempt is worth it: how many attempts calls make, and which of them still help."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from retold import telemetry
from retold.dashboards.boards.look import NEUTRAL, from_above, from_below
from retold.dashboards.boards.model import BarGauge, Heatmap, Panel, Stat, Target
from retold.dashboards.boards.queries import Scope, by_bucket, share, total, up_to
from retold.dashboards.matchers import ANSWERED, RETRIED, SUCCEEDED


@dataclass(frozen=True, slots=True)
class _Numbers:
    """Numbers of attempts that are one bucket of the histogram: above one bound, up to the next (None: no bound)."""

    above: float
    most: float | None

    def __str__(self) -> str:
        if self.most is None:
            return f"over {self.above:g}"
        return f"{self.most:g}" if self.most - self.above == 1 else f"{self.above + 1:g} to {self.most:g}"

    def calls(self, scope: Scope, *matchers: str) -> str:
        """How many calls made so many attempts."""
        below = _calls_up_to(self.above, scope, *matchers)
        if self.most is None:
            return f"({_calls(scope, *matchers)} - {below})"
        return f"({_calls_up_to(self.most, scope, *matchers)} - {below})"

    def calls_that_got_here(self, scope: Scope) -> str:
        """How many calls made at least so many attempts."""
        return f"({_calls(scope, ANSWERED)} - {_calls_up_to(self.above, scope, ANSWERED)})"


def worth(scope: Scope) -> tuple[Panel, ...]:
    """Is another attempt worth it?"""
    return _over_time(scope), _calls_by_attempts(scope), _rescues(scope), _nested(scope)


def _over_time(scope: Scope) -> Heatmap:
    return Heatmap(
        title="Attempts per call, over time",
        description=(
            "How many calls made how many attempts: the stronger the colour, the more. A band that moves up is a"
            " dependency that gets worse; one at the highest number, calls that use up what they have."
        ),
        targets=(Target(expression=by_bucket(scope.rate(telemetry.CALL_ATTEMPTS, part="bucket")), legend="{{le}}"),),
        unit="cps",
        y_unit="none",
        width=8,
        height=8,
        empty="no calls ended in this time",
    )


def _calls_by_attempts(scope: Scope) -> BarGauge:
    refused = Target(expression=f"{_calls_up_to(0, scope)} > 0", legend="0")
    return BarGauge(
        title="Calls by number of attempts",
        description=(
            "The same, over the whole time shown. 0 attempts: refused before the first. If nearly all that need a"
            " second need the last as well, fewer attempts would fail sooner and about as often."
        ),
        targets=(refused, *(Target(expression=f"{each.calls(scope)} > 0", legend=str(each)) for each in _all())),
        unit="locale",
        width=6,
        height=8,
        empty="no calls ended in this time",
        decimals=0,
        least=0,
        steps=NEUTRAL,
    )


def _rescues(scope: Scope) -> BarGauge:
    return BarGauge(
        title="Does this attempt still rescue?",
        description=(
            "Of the calls that got as far as this attempt, the share that it rescued, over the whole time shown. From"
            " where the bars stay short, attempts only add load and latency: set `attempts` to the last that pays. A"
            " bar for several attempts counts them as one. Cancelled calls are left out."
        ),
        targets=tuple(
            Target(
                expression=share(each.calls(scope, SUCCEEDED), each.calls_that_got_here(scope)),
                legend=f"attempt {each}",
            )
            for each in _all()
            if each.above > 0
        ),
        unit="percentunit",
        width=6,
        height=8,
        empty="nothing was retried",
        decimals=0,
        least=0,
        most=1,
        steps=from_below(0.1, 0.3),
    )


def _nested(scope: Scope) -> Stat:
    return Stat(
        title="Retried inside a retry",
        description=(
            "Of the calls that retried, the share that did so inside of another call that retries too, over the whole"
            " time shown: there, the attempts of both multiply. Let one of the two retry; the process's"
            " NestedRetryWarning names the outer one."
        ),
        targets=(
            Target(
                expression=share(
                    total(scope.increase(telemetry.NESTED_RETRIES)), total(scope.increase(telemetry.CALLS, RETRIED))
                )
            ),
        ),
        unit="percentunit",
        width=4,
        height=8,
        empty="nothing was retried",
        decimals=1,
        steps=from_above(0.01, 0.1),
    )


def _all() -> Iterator[_Numbers]:
    bounds = telemetry.CALL_ATTEMPTS.buckets
    for above, most in pairwise(bounds):
        yield _Numbers(above, most)
    yield _Numbers(bounds[-1], None)


def _calls(scope: Scope, *matchers: str) -> str:
    return total(scope.increase(telemetry.CALL_ATTEMPTS, *matchers, part="count"))


def _calls_up_to(attempts: float, scope: Scope, *matchers: str) -> str:
    return total(scope.increase(telemetry.CALL_ATTEMPTS, *matchers, up_to(attempts), part="bucket"))
