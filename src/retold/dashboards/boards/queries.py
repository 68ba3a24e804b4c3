"""The expressions that boards ask, each built from the names of metrics and labels.

A `Scope` is what all selectors of a board have in common. Rates look back `$__rate_interval` and are for panels over
time; increases are over the whole time shown and are for single numbers, which then agree with each other and do not
jump.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from retold import telemetry
from retold.dashboards.options import Options
from retold.dashboards.promql import Part, select
from retold.dashboards.variables import INSTANCE, JOB, OPERATION, RANGE, RATE_INTERVAL
from retold.telemetry import Metric, label_name

OPERATION_LABEL = label_name(telemetry.OPERATION)


@dataclass(frozen=True, slots=True)
class Scope:
    """The matchers that every selector of a board has."""

    targets: tuple[str, ...]
    operation: str

    @classmethod
    def of(cls, options: Options, chosen: Literal["operations", "operation"]) -> Scope:
        """What the variables of a board choose: several operations, or one."""
        # A choice of several is a regular expression, in which Grafana escapes the names; one alone is not escaped.
        operator = "=~" if chosen == "operations" else "="
        targets = f'{JOB}=~"${JOB}"', f'{INSTANCE}=~"${INSTANCE}"', *options.matchers
        return cls(targets, f'{OPERATION_LABEL}{operator}"${OPERATION}"')

    def select(self, metric: Metric, *matchers: str, part: Part | None = None) -> str:
        """A selector of what the board is about."""
        operation = (self.operation,) if telemetry.OPERATION in metric.keys else ()
        return select(metric, *self.targets, *operation, *matchers, part=part)

    def rate(self, metric: Metric, *matchers: str, part: Part | None = None) -> str:
        """Per second, at each moment."""
        return f"rate({self.select(metric, *matchers, part=part)}[{RATE_INTERVAL}])"

    def increase(self, metric: Metric, *matchers: str, part: Part | None = None) -> str:
        """How many, over the whole time shown."""
        return f"increase({self.select(metric, *matchers, part=part)}[{RANGE}])"

    def grown(self, over_time: bool, metric: Metric, *matchers: str, part: Part | None = None) -> str:
        """The rate for a panel over time, the increase for a single number."""
        return (self.rate if over_time else self.increase)(metric, *matchers, part=part)


def total(expression: str, *by: str) -> str:
    """The sum, for each combination of these labels."""
    return f"sum by ({', '.join(by)}) ({expression})" if by else f"sum({expression})"


def share(part: str, whole: str) -> str:
    """`part` of `whole`: nothing where there is no whole, 0 where series of the part are not born yet."""
    return f"({part} or 0 * {whole}) / ({whole} > 0)"


def ratio(above: str, below: str) -> str:
    """One over the other: nothing where there is nothing below."""
    return f"{above} / ({below} > 0)"


def value_of(label: str) -> str:
    """What legends say for the value of a label."""
    return f"{{{{{label}}}}}"


def quantile(share_below: float, expression: str) -> str:
    """A quantile of a histogram's buckets."""
    return f"histogram_quantile({share_below:g}, {total(expression, 'le')})"


def up_to(bound: float) -> str:
    """A matcher for the bucket of a whole number, however a client spells it: `le="2"` or `le="2.0"`."""
    return f'le=~"{bound:.0f}(\\\\.0)?"'


def by_bucket(expression: str) -> str:
    """The buckets of a histogram, one series for each bound, however clients spell it."""
    return total(f'label_replace({expression}, "le", "$1", "le", "(.+)\\\\.0")', "le")
