"""How rules spell what they ask for, with the labels, matchers and time scale of a platform."""

from __future__ import annotations

from textwrap import indent

from retold.dashboards.options import Options
from retold.dashboards.promql import Part, duration, select
from retold.telemetry import OPERATION, Metric, label_name

MINUTE, HOUR, DAY = 60.0, 3_600.0, 86_400.0

_OPERATION = label_name(OPERATION)


class Language:
    """Spells expressions. Lengths of time are in seconds, before the time scale.

    Attributes:
        level: What rules aggregate to: labels of targets, and the operation.
        targets: The same without the operation, for what is told of a process.
    """

    def __init__(self, options: Options) -> None:
        self.options = options
        self.targets = options.labels
        self.level = _distinct(*options.labels, _OPERATION)

    def time(self, seconds: float) -> str:
        """A window, an offset or a `for`."""
        return duration(seconds / self.options.time_scale)

    def select(self, metric: Metric, *matchers: str, part: Part | None = None) -> str:
        return select(metric, *self.options.matchers, *matchers, part=part)

    def total(self, metric: Metric, *also: str) -> str:
        """The sum of a gauge."""
        return self.sum(self.select(metric), *also)

    def rate(self, metric: Metric, *matchers: str, over: float = 5 * MINUTE, part: Part | None = None) -> str:
        """How much a counter grows in a second."""
        return self.sum(f"rate({self.select(metric, *matchers, part=part)}[{self.time(over)}])")

    def increase(self, metric: Metric, *matchers: str, over: float) -> str:
        """How much a counter has grown."""
        return self.sum(f"increase({self.select(metric, *matchers)}[{self.time(over)}])")

    def sum(self, expr: str, *also: str) -> str:
        """The sum by level, and by other labels `also`."""
        return aggregate("sum", _distinct(*self.level, *also), expr)

    def of_targets(self, expr: str, *also: str) -> str:
        """The sum of what is told of processes and of no operation, by their labels, and by other labels `also`."""
        return aggregate("sum", _distinct(*self.targets, *also), expr)

    def usual(self, recorded: str) -> str:
        """What a recorded series was at this time yesterday or, where there is no yesterday, an hour ago.

        On average of an hour, so that one minute of yesterday decides nothing. In its first hour a system has no
        usual, and whatever asks for it stays quiet.
        """
        hour = self.time(HOUR)
        return (
            f"avg_over_time({recorded}[{hour}] offset {self.time(DAY)})\n"
            f"or avg_over_time({recorded}[{hour}] offset {hour})"
        )


def aggregate(operator: str, labels: tuple[str, ...], expr: str) -> str:
    """An aggregation over lines of its own."""
    return f"{operator} by ({', '.join(labels)}) (\n{indent(expr, '  ')}\n)"


def ratio(part: str, whole: str) -> str:
    """A share, which is absent, and not NaN, where there is nothing to have a share of."""
    divisor = f"{whole} > 0"
    return f"{part}\n/ ({_inner(divisor)})"


def both(*conditions: str) -> str:
    """What holds if all conditions do. Its value and labels are those of the first."""
    return "\nand ".join(conditions)


def number(value: float) -> str:
    """A threshold with three digits."""
    return f"{value:.3g}"


def _inner(expr: str) -> str:
    return f"\n{indent(expr, '  ')}\n" if "\n" in expr else expr


def _distinct(*labels: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(labels))
