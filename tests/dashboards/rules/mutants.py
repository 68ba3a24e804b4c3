"""Rules with one thing wrong: a guard left out, a comparison turned round, another threshold, no `for`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import count

import promql_parser as promql

from retold.dashboards.rules.model import Alert, Recording

_TURNED = {">": "<", "<": ">", "==": "!="}
_GUARDS = {"and", "or", "unless"}


def mutants_of(alert: Alert) -> Iterator[tuple[str, Alert]]:
    """Each with what was done to it."""
    for what, expr in _mutated(alert.expr):
        yield what, replace(alert, expr=expr)
    if alert.hold:
        yield "no for", replace(alert, hold="")
        yield "a longer for", replace(alert, hold=f"{alert.hold}30s" if "m" in alert.hold else f"{alert.hold}1m")


def mutants_of_recording(recording: Recording) -> Iterator[tuple[str, Recording]]:
    """The same for recorded series."""
    for what, expr in _mutated(recording.expr):
        yield what, replace(recording, expr=expr)


def _mutated(expr: str) -> Iterator[tuple[str, str]]:
    nodes: list[promql.Expr] = []
    tree = promql.parse(expr)
    promql.walk(tree, post_visit=lambda node: nodes.append(node))
    for place, node in enumerate(nodes):
        for what, text in _variants(node):
            yield f"{what}: {node}", _exchanged(tree, place, text)


def _exchanged(tree: promql.Expr, place: int, text: str) -> str:
    """The expression with another node at the place, counted as `walk` does."""
    places = count()
    return str(promql.transform(tree, post_visit=lambda _: promql.parse(text) if next(places) == place else None))


def _variants(node: promql.Expr) -> Iterator[tuple[str, str]]:
    """What a node may become."""
    match node:
        case promql.BinaryExpr() if str(node.op) in _TURNED:
            yield "turned round", f"{node.lhs} {_TURNED[str(node.op)]} {node.rhs}"
        case promql.BinaryExpr() if str(node.op) in _GUARDS:
            yield "only the left of", str(node.lhs)
            if str(node.op) != "unless":
                yield "only the right of", str(node.rhs)
        case promql.NumberLiteral() if node.val != 0:
            yield "doubled", f"{node.val * 2}"
            yield "halved", f"{node.val / 2}"
        case promql.VectorSelector():
            whole = list(node.matchers.matchers)
            for left_out in whole:
                rest = ", ".join(
                    f'{each.name}{_OPERATORS[str(each.op)]}"{each.value}"' for each in whole if each is not left_out
                )
                yield f"without {left_out.name}", f"{node.name}{{{rest}}}"
        case promql.Call() if node.func.name == "clamp_min":
            yield "without clamp_min", f"({node.args[0]})"
        case _:
            return


_OPERATORS = {"MatchOp.Equal": "=", "MatchOp.NotEqual": "!=", "MatchOp.Re": "=~", "MatchOp.NotRe": "!~"}
