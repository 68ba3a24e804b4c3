"""The numbers beside the first panel, of the whole time shown: the same on both boards."""

from __future__ import annotations

from retold import telemetry
from retold.dashboards.boards.look import from_above, from_below
from retold.dashboards.boards.model import Stat, Step, Target, Unit
from retold.dashboards.boards.queries import Scope, share, total
from retold.dashboards.boards.shares import Shares
from retold.dashboards.options import Options


def numbers(scope: Scope, options: Options) -> tuple[Stat, ...]:
    """Six numbers, two in a line."""
    shown = Shares(scope, over_time=False)
    gave_up = total(scope.increase(telemetry.GIVE_UPS))
    calls = total(scope.increase(telemetry.CALLS))
    objective = options.objective
    return (
        _number(
            "Effective success",
            "Share of calls that succeeded, cancelled ones left out: what callers saw. When it is low, see which"
            " calls fail, and with which outcome.",
            shown.effective(),
            from_below(0.95, 0.99),
        ),
        _number(
            "Actual success",
            "Share of attempts that succeeded: what the dependency gave. Far below effective success, the dependency"
            " is sick and retries hide it: see to it now.",
            shown.actual(),
            from_below(0.7, 0.9),
        ),
        _number(
            "First-try success",
            "Share of calls that succeeded at once: what callers would have seen without retries, if the load had"
            " been the same.",
            shown.first_try(),
            from_below(0.7, 0.9),
        ),
        _number(
            "Rescued",
            "Share of retried calls that succeeded in the end. Near zero, retries are useless: what fails is not"
            " transient, and `on` should leave it out.",
            shown.rescued(),
            from_below(0.2, 0.5),
            empty="nothing retried",
        ),
        _number(
            "Attempts per call",
            "How much retries multiply the load on the dependency. 1 is no retries. Above 1.5 for long, lower"
            " `attempts`.",
            shown.amplification(),
            from_above(1.5, 2),
            unit="none",
        ),
        _number(
            "Not given up",
            f"Share of calls that did not end in a give-up; the objective is {objective * 100:g} %, and alerts tell"
            " when what it leaves is used up too fast. A failure that is not retried is an answer and counts as"
            " well.",
            f"1 - {share(gave_up, calls)}",
            from_below(1 - 10 * (1 - objective), objective),
        ),
    )


def _number(
    title: str,
    description: str,
    expression: str,
    steps: tuple[Step, ...],
    *,
    unit: Unit = "percentunit",
    empty: str = "no calls",
) -> Stat:
    return Stat(
        title=title,
        description=f"Over the whole time shown. {description}",
        targets=(Target(expression=expression),),
        unit=unit,
        width=4,
        height=3,
        empty=empty,
        decimals=2 if unit == "none" else 1,
        steps=steps,
    )
