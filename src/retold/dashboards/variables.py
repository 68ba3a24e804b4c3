"""The variables that boards' expressions have, and how to fill them in without Grafana."""

from __future__ import annotations

import re

from retold.dashboards.promql import duration

JOB, INSTANCE, OPERATION = "job", "instance", "operation"
"""What whoever looks at a board can choose, besides the data source."""

ALL = ".+"
"""What stands for all values of a variable that may have several."""

RATE_INTERVAL = "$__rate_interval"
"""The window of rates: as Grafana chooses it, at least four scrapes long."""

RANGE = "$__range"
"""The whole time that the board shows."""

RANGE_SECONDS = "$__range_s"

_VARIABLE = re.compile(r"\$([a-z_]+)")


def filled(
    expression: str,
    *,
    job: str = ALL,
    instance: str = ALL,
    operation: str = ALL,
    rate_interval: float = 60,
    shown: float = 3600,
) -> str:
    """An expression of a board as Grafana would ask it.

    Args:
        job, instance: Regular expressions, as a choice of several becomes one.
        operation: A name on the board of one operation, a regular expression on the one of all.
        rate_interval: Seconds that rates look back.
        shown: Seconds that the board shows.

    Raises:
        KeyError: The expression has a variable that no board has.
    """
    values = {
        JOB: job,
        INSTANCE: instance,
        OPERATION: operation,
        RATE_INTERVAL[1:]: duration(rate_interval),
        RANGE[1:]: duration(shown),
        RANGE_SECONDS[1:]: f"{shown:.0f}",
    }
    return _VARIABLE.sub(lambda found: values[found[1]], expression)
