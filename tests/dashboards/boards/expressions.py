"""Reads PromQL: which series an expression asks for, and what of it Retold does not have."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import promql_parser
from promql_parser import (
    AggregateExpr,
    BinaryExpr,
    Call,
    Expr,
    Matcher,
    MatchOp,
    MatrixSelector,
    NumberLiteral,
    ParenExpr,
    StringLiteral,
    SubqueryExpr,
    UnaryExpr,
    VectorSelector,
)

from retold.contract import values_of
from retold.dashboards.promql import Part, family
from retold.telemetry import METRICS, Metric, label_name

OF_TARGETS = {"job", "instance"}
"""Labels that Prometheus puts on every series."""

GROWTH = {"rate", "increase"}


@dataclass(frozen=True, slots=True)
class Use:
    """A selector in an expression: `function` is what its window is given to; both are None for values of now."""

    name: str
    matchers: list[Matcher]
    function: str | None
    window: timedelta | None


def uses(expression: str) -> list[Use]:
    """All selectors of an expression without variables.

    Raises:
        ValueError: It is no PromQL.
    """
    return list(_uses(promql_parser.parse(expression), None))


def groups(expression: str) -> set[str]:
    """The labels by which an expression aggregates."""
    return {
        label
        for node in _nodes(promql_parser.parse(expression))
        if isinstance(node, AggregateExpr) and node.modifier is not None
        for label in node.modifier.labels
    }


def faults(expression: str) -> list[str]:
    """What an expression asks of Retold's series that they do not have, or cannot give in this way."""
    found = uses(expression)
    said = [fault for use in found for fault in _faults(use)]
    known = OF_TARGETS.union(*(_labels(*SERIES[use.name]) for use in found if use.name in SERIES))
    return said + [f"no series has the label {label}" for label in sorted(groups(expression) - known)]


def metrics(expression: str) -> set[Metric]:
    """The metrics that an expression asks for."""
    return {SERIES[use.name][0] for use in uses(expression)}


def _faults(use: Use) -> Iterator[str]:
    if use.name not in SERIES:
        yield f"there is no {use.name}"
        return
    metric, part = SERIES[use.name]
    if metric.kind == "gauge" and use.function in GROWTH:
        yield f"{use.name} is a gauge and has no {use.function}"
    if metric.kind != "gauge" and use.function not in GROWTH:
        yield f"{use.name} only grows, and stands outside of {' and '.join(sorted(GROWTH))}"
    for matcher in use.matchers:
        if matcher.name in OF_TARGETS:
            continue
        if matcher.name not in _labels(metric, part):
            yield f"{use.name} has no label {matcher.name}"
        else:
            known = _values(metric, matcher.name)
            asked = matcher.value.split("|") if matcher.op in (MatchOp.Re, MatchOp.NotRe) else [matcher.value]
            yield from (f"{matcher.name} is never {value}" for value in asked if known and value not in known)


def _labels(metric: Metric, part: Part | None) -> set[str]:
    return {label_name(key) for key in metric.keys} | ({"le"} if part == "bucket" else set())


def _values(metric: Metric, label: str) -> tuple[str, ...]:
    if label == "le":
        return tuple(f"{bound:g}(\\.0)?" for bound in metric.buckets)
    return next(values_of(metric, key) for key in metric.keys if label_name(key) == label)


def _series() -> Iterator[tuple[str, tuple[Metric, Part | None]]]:
    parts: tuple[Part, ...] = ("bucket", "sum", "count")
    for metric in METRICS:
        for part in parts if metric.kind == "histogram" else (None,):
            yield family(metric, part), (metric, part)


SERIES = dict(_series())
"""What each name of a series belongs to."""


def _uses(node: Expr, function: str | None) -> Iterator[Use]:
    match node:
        case VectorSelector():
            yield Use(node.name or "", node.matchers.matchers, None, None)
        case MatrixSelector():
            selector = node.vector_selector
            yield Use(selector.name or "", selector.matchers.matchers, function, node.range)
        case Call():
            for each in node.args:
                yield from _uses(each, node.func.name)
        case _:
            for each in _below(node):
                yield from _uses(each, None)


def _nodes(node: Expr) -> Iterator[Expr]:
    yield node
    for each in _below(node):
        yield from _nodes(each)


def _below(node: Expr) -> list[Expr]:
    match node:
        case AggregateExpr() | ParenExpr() | SubqueryExpr() | UnaryExpr():
            return [node.expr]
        case BinaryExpr():
            return [node.lhs, node.rhs]
        case Call():
            return list(node.args)
        case MatrixSelector():
            return [node.vector_selector]
        case NumberLiteral() | StringLiteral() | VectorSelector():
            return []
        case _:
            raise TypeError(f"{type(node).__name__} is not known here")
