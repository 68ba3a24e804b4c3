"""The board of the fleet: is somebody hurting, where, and do retries help or harm?"""

from __future__ import annotations

from retold import telemetry
from retold.dashboards.boards.around import alerts, chosen, links
from retold.dashboards.boards.budgets import budgets
from retold.dashboards.boards.fleet import load
from retold.dashboards.boards.look import NEUTRAL
from retold.dashboards.boards.model import Board, Row, Stat, Target
from retold.dashboards.boards.numbers import numbers
from retold.dashboards.boards.people import people
from retold.dashboards.boards.queries import Scope, total
from retold.dashboards.boards.ranking import operations
from retold.dashboards.boards.success import success
from retold.dashboards.boards.trust import trust
from retold.dashboards.options import Options
from retold.telemetry import Metric


def overview(options: Options) -> Board:
    """The board *Retold / Overview*."""
    scope = Scope.of(options, "operations")
    return Board(
        uid=f"{options.uid_prefix}-overview",
        title="Retold / Overview",
        description=(
            "Retried calls of the whole fleet. Sums over operations are averages: a large one outweighs a small one,"
            " and a call within a retried call counts in both, attempts and waits included. Start at the table, go on"
            " to the board of one operation."
        ),
        rows=(
            Row(
                "Are callers well, and is a dependency sick behind the retries? (All operations together: large ones"
                " outweigh small ones, nested ones count twice.)",
                (
                    success(scope, height=12, look_at="find it in the table below"),
                    *numbers(scope, options),
                    *_now(scope),
                ),
            ),
            Row("Where to look first?", (operations(scope, options),)),
            Row("Do retries pay, or do they add load?", load(scope)),
            Row("Who gives up, who is inside now, who walks away?", people(scope)),
            Row("Do budgets hold retries back?", budgets(scope)),
            Row("Can these numbers be trusted?", trust(scope)),
        ),
        variables=chosen(options, one_operation=False),
        annotations=alerts(options, one_operation=False),
        links=links(options, "operation"),
        datasource=options.datasource,
    )


def _now(scope: Scope) -> tuple[Stat, ...]:
    return (
        _in_progress(
            scope,
            telemetry.CALL_ACTIVE,
            "In a call now",
            "Calls that began and have not ended. If it only grows, calls hang: look at time asleep and at"
            " attempt latency on the board of the operation. Everything else here is counted when a call ends.",
        ),
        _in_progress(
            scope,
            telemetry.CALL_WAITING,
            "Asleep now",
            "Of the calls in progress, those that wait between two attempts. When it is most of them, callers"
            " pile up behind backoff: fewer attempts or a shorter timeout would let them go.",
        ),
    )


def _in_progress(scope: Scope, metric: Metric, title: str, description: str) -> Stat:
    return Stat(
        title=title,
        description=description,
        targets=(Target(expression=total(scope.select(metric))),),
        unit="short",
        width=4,
        height=3,
        empty="no operations known",
        steps=NEUTRAL,
    )
