"""What is around the panels of a board: what can be chosen, where else to go, and when alerts fired."""

from __future__ import annotations

import re
from typing import Literal

from retold import telemetry
from retold.dashboards.boards.model import Annotation, Link, Variable
from retold.dashboards.boards.queries import OPERATION_LABEL
from retold.dashboards.options import Options
from retold.dashboards.promql import select
from retold.dashboards.variables import INSTANCE, JOB, OPERATION

_KEPT = "${datasource:queryparam}&${job:queryparam}&${instance:queryparam}"
"""What was chosen, for the address of another board; the operation is not taken along."""


def chosen(options: Options, *, one_operation: bool) -> tuple[Variable, ...]:
    """The variables, each of what the ones before it leave."""
    # A gauge, since it has series for each operation that is known, called or not.
    job, instance = f'{JOB}=~"${JOB}"', f'{INSTANCE}=~"${INSTANCE}"'
    known = telemetry.CALL_ACTIVE
    return (
        Variable(name=JOB, title="Job", label=JOB, selector=select(known, *options.matchers)),
        Variable(name=INSTANCE, title="Instance", label=INSTANCE, selector=select(known, job, *options.matchers)),
        Variable(
            name=OPERATION,
            title="Operation",
            label=OPERATION_LABEL,
            selector=select(known, job, instance, *options.matchers),
            several=not one_operation,
        ),
    )


def links(options: Options, other: Literal["overview", "operation"]) -> tuple[Link, ...]:
    """The ways to the other board and to the runbooks."""
    return (
        Link(other.capitalize(), f"/d/{options.uid_prefix}-{other}?{_KEPT}"),
        Link("Runbooks", options.runbooks, keeps_time=False, new_tab=True),
    )


def link_to_operation(options: Options) -> Link:
    """From a table's name of an operation to its board."""
    return Link(
        "Board of this operation",
        f"/d/{options.uid_prefix}-operation?var-{OPERATION}=${{__value.raw}}&{_KEPT}&${{__url_time_range}}",
    )


def alerts(options: Options, *, one_operation: bool) -> tuple[Annotation, ...]:
    """Where alerts of ours fired."""
    # Rules keep no instance, and of other labels only those that are asked for.
    kept = [matcher for matcher in options.matchers if re.split("[=!]", matcher, maxsplit=1)[0] in options.labels]
    firing = ['alertname=~"Retold.*"', 'alertstate="firing"', f'{JOB}=~"${JOB}|"', *kept]
    of_operation = f'{OPERATION_LABEL}="${OPERATION}"', f'{OPERATION_LABEL}=""'
    expressions = (
        [f"ALERTS{{{', '.join([*firing, one])}}}" for one in of_operation]
        if one_operation
        else [f"ALERTS{{{', '.join(firing)}}}"]
    )
    return (
        Annotation(
            title="Alerts",
            expression=" or ".join(expressions),
            heading="{{alertname}}",
            text=f"{{{{{OPERATION_LABEL}}}}} ({{{{severity}}}})",
        ),
    )
