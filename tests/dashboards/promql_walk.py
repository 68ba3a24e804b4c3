"""Holds PromQL to the names that there are: metrics with their types, labels with their values, recorded series.

Replace what is Grafana's (`$__rate_interval`, variables) before.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

import promql_parser as promql

from retold import telemetry
from retold.contract import values_of
from retold.dashboards.promql import family
from retold.telemetry import Metric, label_name

__all__ = ["OVER_COUNTERS", "SERIES", "Selected", "faults", "groups", "names_in", "selected"]

OVER_COUNTERS = {"rate", "increase", "irate", "resets"}
ABOUT_EXISTENCE = {"group", "count", "absent", "absent_over_time", "present_over_time"}
"""What may look at a counter without minding its value."""
FOREIGN = {"up"}
OF_TARGETS = {"job", "instance", "namespace", "cluster", "team", "service"}
"""Labels that Prometheus puts on every series, and those that the platforms of the tests do."""


@dataclass(frozen=True, slots=True)
class Selected:
    """A selector, and the functions and aggregations around it, innermost first; `over_time` if it has a window."""

    name: str
    matchers: tuple[tuple[str, str, str], ...]
    around: tuple[str, ...]
    over_time: bool = False


@dataclass(frozen=True, slots=True)
class Series:
    """What the series of one name are."""

    metric: Metric
    part: str

    @property
    def labels(self) -> dict[str, tuple[str, ...]]:
        """Labels by name, with all their values if they can be listed."""
        own = {label_name(key): values_of(self.metric, key) for key in self.metric.keys}
        if self.part != "bucket":
            return own
        bounds = [spelled for bound in self.metric.buckets for spelled in (f"{bound}", f"{bound:g}")]
        return {**own, "le": (*bounds, "+Inf")}

    @property
    def is_counter(self) -> bool:
        return self.metric.kind != "gauge"


SERIES = {
    **{family(metric): Series(metric, "") for metric in telemetry.METRICS if metric.kind != "histogram"},
    **{
        family(metric, part): Series(metric, part)
        for metric in telemetry.METRICS
        if metric.kind == "histogram"
        for part in ("bucket", "sum", "count")
    },
}


def names_in(expression: str) -> set[str]:
    """Names of all series that it asks for."""
    return {each.name for each in selected(expression)}


def selected(expression: str) -> list[Selected]:
    """All selectors of an expression."""
    return list(_selected(promql.parse(expression), ()))


def groups(expression: str) -> set[str]:
    """The labels by which it aggregates."""
    return {
        label
        for node in _nodes(promql.parse(expression))
        if isinstance(node, promql.AggregateExpr) and node.modifier is not None
        for label in node.modifier.labels
    }


def faults(expression: str, recorded: Collection[str] = ()) -> list[str]:
    """What is wrong with an expression that may ask for metrics of ours and for `recorded` series."""
    try:
        tree = promql.parse(expression)
    except ValueError as error:
        return [f"no PromQL: {error}"]
    found = list(_selected(tree, ()))
    known = OF_TARGETS.union(*(SERIES[each.name].labels for each in found if each.name in SERIES))
    if any(each.name in recorded for each in found):
        known.add(label_name(telemetry.OPERATION))
    return [
        *(fault for each in found for fault in _faults_of(each, recorded)),
        *(f"groups by {label}" for label in groups(expression) | _matched(tree) if label not in known),
    ]


def _faults_of(each: Selected, recorded: Collection[str]) -> Iterator[str]:
    series = SERIES.get(each.name)
    inner = each.around[0] if each.around else "nothing"
    if series is None:
        if each.name not in recorded and each.name not in FOREIGN:
            yield f"{each.name} is no series of ours, nor recorded"
        elif inner in OVER_COUNTERS:
            yield f"{inner} of {each.name}, which is no counter"
        return
    if series.is_counter and inner not in OVER_COUNTERS | ABOUT_EXISTENCE:
        yield f"{each.name} is a counter, and within {inner}"
    if not series.is_counter and inner in OVER_COUNTERS:
        yield f"{inner} of {each.name}, which is no counter"
    for label, operator, value in each.matchers:
        if label in OF_TARGETS:
            continue
        if label not in series.labels:
            yield f"{each.name} has no label {label}"
        else:
            yield from (
                f"{label} of {each.name} is never {wanted}"
                for wanted in (value.split("|") if "~" in operator else [re.escape(value)])
                if series.labels[label] and not any(re.fullmatch(wanted, known) for known in series.labels[label])
            )


def _matched(tree: promql.Expr) -> set[str]:
    return {
        label
        for node in _nodes(tree)
        if isinstance(node, promql.BinaryExpr) and node.modifier is not None and node.modifier.matching is not None
        for label in node.modifier.matching.labels
    }


def _nodes(node: promql.Expr) -> Iterator[promql.Expr]:
    yield node
    for child, _ in _children(node):
        yield from _nodes(child)


def _selected(node: promql.Expr, around: tuple[str, ...]) -> Iterator[Selected]:
    if isinstance(node, promql.VectorSelector):
        matchers = tuple((each.name, _OPERATORS[str(each.op)], each.value) for each in node.matchers.matchers)
        yield Selected(node.name or "", matchers, around)
    for child, via in _children(node):
        for each in _selected(child, (via, *around) if via else around):
            yield replace(each, over_time=True) if isinstance(node, promql.MatrixSelector) else each


def _children(node: promql.Expr) -> Iterator[tuple[promql.Expr, str]]:
    """What is directly below a node, with the name of the function or aggregation that takes it."""
    match node:
        case promql.AggregateExpr():
            yield node.expr, str(node.op)
            if isinstance(node.param, promql.Expr):
                yield node.param, str(node.op)
        case promql.Call():
            yield from ((each, node.func.name) for each in node.args)
        case promql.BinaryExpr():
            yield node.lhs, ""
            yield node.rhs, ""
        case promql.MatrixSelector():
            yield node.vector_selector, ""
        case promql.SubqueryExpr():
            yield node.expr, "subquery"
        case promql.ParenExpr() | promql.UnaryExpr():
            yield node.expr, ""
        case promql.NumberLiteral() | promql.StringLiteral() | promql.VectorSelector():
            return
        case _:
            raise TypeError(f"{type(node).__name__} is not known here")


_OPERATORS = {"MatchOp.Equal": "=", "MatchOp.NotEqual": "!=", "MatchOp.Re": "=~", "MatchOp.NotRe": "!~"}
