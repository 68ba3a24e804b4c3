"""Whether telemetry itself is well, and the numbers can be trusted."""

from __future__ import annotations

from retold import telemetry
from retold.dashboards.boards.look import NEUTRAL
from retold.dashboards.boards.model import Stat, Target, TimeSeries
from retold.dashboards.boards.queries import Scope, total, value_of
from retold.telemetry import label_name


def trust(scope: Scope) -> tuple[Stat | TimeSeries, ...]:
    """Can these numbers be trusted?"""
    exporter, label = label_name(telemetry.EXPORTER), label_name(telemetry.LABEL)
    telling = f"count(count by (job, instance) ({scope.select(telemetry.CALL_ACTIVE)}))"
    return (
        Stat(
            title="Processes that tell",
            description=(
                "Scraped targets with metrics of Retold. Fewer than you run: `retold doctor` in one that is missing"
                " says why, and what to change."
            ),
            targets=(Target(expression=telling),),
            unit="none",
            width=4,
            height=6,
            empty="none",
            steps=NEUTRAL,
        ),
        TimeSeries(
            title="Failures of exporters",
            description=(
                "Times that an exporter's own code raised: what it was to tell then is missing from its backend, the"
                " call went on. The logger `retold` names the error once a minute. It cannot see a dead collector:"
                " for that look at `otel.sdk.exporter.*`."
            ),
            targets=(
                Target(expression=total(scope.rate(telemetry.EXPORTER_FAILURES), exporter), legend=value_of(exporter)),
            ),
            unit="cps",
            width=10,
            height=6,
            empty="no exporter is counted here",
            least=0,
        ),
        TimeSeries(
            title="Label values beyond their limit",
            description=(
                "Observations that are counted under `_OTHER`, because a process has too many operations or an"
                " operation too many types of errors. Give operations stable names with `operation=`, errors with"
                " `configure(error_type=)`, or raise `max_operations`."
            ),
            targets=(Target(expression=total(scope.rate(telemetry.LABEL_OVERFLOWS), label), legend=value_of(label)),),
            unit="cps",
            width=10,
            height=6,
            empty="no label is counted here",
            least=0,
        ),
    )
