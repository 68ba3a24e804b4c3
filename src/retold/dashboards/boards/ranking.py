"""The table of operations: where to look first."""

from __future__ import annotations

from retold import telemetry
from retold.dashboards.boards.around import link_to_operation
from retold.dashboards.boards.look import from_above
from retold.dashboards.boards.model import Column, Table, Target
from retold.dashboards.boards.queries import OPERATION_LABEL, Scope, total
from retold.dashboards.boards.shares import Shares
from retold.dashboards.options import Options
from retold.dashboards.variables import RANGE_SECONDS


def operations(scope: Scope, options: Options) -> Table:
    """A line for each operation."""
    each = Shares(scope, over_time=False, by=(OPERATION_LABEL,))
    calls = total(scope.increase(telemetry.CALLS), OPERATION_LABEL)
    gave_up = total(scope.increase(telemetry.GIVE_UPS), OPERATION_LABEL)
    columns = {
        "Gave up": (gave_up, Column(unit="locale", decimals=0, steps=from_above(1, 10))),
        "Calls per second": (f"{calls} / {RANGE_SECONDS}", Column(unit="cps", decimals=2)),
        "Calls failing": (each.failing(), Column(unit="percentunit", decimals=1, steps=from_above(0.01, 0.05))),
        "Attempts failing": (
            f"1 - {each.actual()}",
            Column(unit="percentunit", decimals=1, steps=from_above(0.1, 0.3)),
        ),
        "Attempts per call": (each.amplification(), Column(unit="none", decimals=2, steps=from_above(1.5, 2))),
        "Time asleep": (each.waiting(), Column(unit="percentunit", decimals=1, steps=from_above(0.3, 0.5))),
    }
    return Table(
        title="Operations, most give-ups first",
        description=(
            "One line for each operation, over the whole time shown. Many attempts failing while few calls fail: a"
            " dependency is sick behind the retries. Many attempts per call: retries add load. Much time asleep:"
            " callers wait for backoff. The name leads to the board of that operation."
        ),
        targets=tuple(Target(expression=expression, legend=name) for name, (expression, _) in columns.items()),
        unit="short",
        width=24,
        height=8,
        empty="no calls",
        label=OPERATION_LABEL,
        label_title="Operation",
        columns={name: column for name, (_, column) in columns.items()},
        sorted_by="Gave up",
        link=link_to_operation(options),
    )
