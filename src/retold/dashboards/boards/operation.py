"""The board of one operation: what happens to its calls, and what to change in its policy."""

from __future__ import annotations

from retold.dashboards.boards.around import alerts, chosen, links
from retold.dashboards.boards.endings import endings
from retold.dashboards.boards.limits import limits
from retold.dashboards.boards.model import Board, Row
from retold.dashboards.boards.numbers import numbers
from retold.dashboards.boards.queries import Scope
from retold.dashboards.boards.success import success
from retold.dashboards.boards.times import times
from retold.dashboards.boards.worth import worth
from retold.dashboards.options import Options


def operation(options: Options) -> Board:
    """The board *Retold / Operation*."""
    scope = Scope.of(options, "operation")
    return Board(
        uid=f"{options.uid_prefix}-operation",
        title="Retold / Operation",
        description=(
            "Retried calls of one operation. If it runs within another retried call, the attempts of both multiply:"
            " the dependency sees this operation's attempts, and the outer one retries on top of them."
        ),
        rows=(
            Row(
                "Is $operation well? (Within another retried call, its attempts multiply with that one's.)",
                (success(scope, height=9, look_at="see below which errors it gives"), *numbers(scope, options)),
            ),
            Row("How do calls end, and what breaks?", endings(scope)),
            Row("Is another attempt worth it?", worth(scope)),
            Row("What do callers wait for?", times(scope)),
            Row("Which limit bites, and who is inside now?", limits(scope)),
        ),
        variables=chosen(options, one_operation=True),
        annotations=alerts(options, one_operation=True),
        links=links(options, "overview"),
        datasource=options.datasource,
    )
