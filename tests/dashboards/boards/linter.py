"""The rules of Grafana's own linter for dashboards, for boards that ask Prometheus.

Each rule, by the name it has there, says what is wrong with a board's JSON. They are stricter here where that is
simpler: they hold for panels of all types.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

from retold.dashboards.variables import filled
from tests.dashboards.promql_walk import OVER_COUNTERS, selected

Json: TypeAlias = dict[str, Any]
Rule: TypeAlias = Callable[[Json], Iterator[str]]

RULES: dict[str, Rule] = {}

UNITS = {"none", "short", "percent", "percentunit", "s", "ms", "cps", "ops", "reqps", "locale", "bytes"}
"""Of the units that it knows, those that a board of retries could need."""


def rule(name: str) -> Callable[[Rule], Rule]:
    def register(checks: Rule) -> Rule:
        RULES[name] = checks
        return checks

    return register


def panels(board: Json) -> list[Json]:
    return [panel for panel in board["panels"] if panel["type"] != "row"]


def expressions(board: Json) -> Iterator[tuple[str, str]]:
    for panel in panels(board):
        for target in panel.get("targets", []):
            yield panel.get("title", ""), target["expr"]


def variable(board: Json, name: str) -> Json | None:
    return next((each for each in board["templating"]["list"] if each["name"] == name), None)


@rule("template-datasource-rule")
def _has_a_choice_of_the_data_source(board: Json) -> Iterator[str]:
    found = [each for each in board["templating"]["list"] if each["type"] == "datasource"]
    if [(each["name"], each["label"], each["query"]) for each in found] != [
        ("datasource", "Data source", "prometheus")
    ]:
        yield f"the variable of the data source is {found}"


def _is_a_choice_of(board: Json, name: str) -> Iterator[str]:
    wanted = {
        "type": "query",
        "label": name.title(),
        "multi": True,
        "allValue": ".+",
        "datasource": {"type": "prometheus", "uid": "${datasource}"},
    }
    found = variable(board, name) or {}
    for key, value in wanted.items():
        if found.get(key) != value:
            yield f"{name}: {key} is {found.get(key)}, not {value}"


@rule("template-job-rule")
def _has_a_choice_of_jobs(board: Json) -> Iterator[str]:
    yield from _is_a_choice_of(board, "job")


@rule("template-instance-rule")
def _has_a_choice_of_instances(board: Json) -> Iterator[str]:
    yield from _is_a_choice_of(board, "instance")


@rule("template-label-promql-rule")
def _variables_ask_promql(board: Json) -> Iterator[str]:
    for each in board["templating"]["list"]:
        if each["type"] == "query":
            found = re.fullmatch(r"label_values\((.+), ([a-z_]+)\)", each["query"])
            if found is None:
                yield f"{each['name']} asks {each['query']}"
            else:
                yield from _unparsed(found[1])


@rule("template-on-time-change-reload-rule")
def _variables_follow_the_time(board: Json) -> Iterator[str]:
    for each in board["templating"]["list"]:
        if each["type"] == "query" and each["refresh"] != 2:
            yield f"{each['name']} has refresh {each['refresh']}"


@rule("panel-datasource-rule")
def _panels_ask_the_chosen_data_source(board: Json) -> Iterator[str]:
    for panel in panels(board):
        for each in (panel, *panel.get("targets", [])):
            if each["datasource"] != {"type": "prometheus", "uid": "${datasource}"}:
                yield f"{panel['title']} asks {each['datasource']}"


@rule("panel-title-description-rule")
def _panels_say_what_they_are(board: Json) -> Iterator[str]:
    for panel in panels(board):
        if not (panel.get("title") and panel.get("description")):
            yield f"panel {panel['id']} lacks a title or a description"


@rule("panel-units-rule")
def _panels_have_units(board: Json) -> Iterator[str]:
    for panel in panels(board):
        unit = panel["fieldConfig"]["defaults"].get("unit")
        if unit not in UNITS:
            yield f"{panel['title']} has the unit {unit}"


@rule("panel-no-targets-rule")
def _panels_ask_something(board: Json) -> Iterator[str]:
    yield from (f"{panel['title']} asks nothing" for panel in panels(board) if not panel.get("targets"))


@rule("target-promql-rule")
def _targets_ask_promql(board: Json) -> Iterator[str]:
    for title, expression in expressions(board):
        yield from (f"{title}: {fault}" for fault in _unparsed(expression))


@rule("target-rate-interval-rule")
def _rates_look_back_as_grafana_says(board: Json) -> Iterator[str]:
    for title, expression in _parsed(board):
        for found in re.finditer(r"\b(?:rate|irate)\((?:[^\[]*)\[([^\]]+)\]", expression):
            if found[1] != "$__rate_interval":
                yield f"{title} has a rate over {found[1]}"


def _is_matched(board: Json, label: str) -> Iterator[str]:
    for title, expression in _parsed(board):
        for each in selected(filled(expression, job="$job", instance="$instance")):
            if [matcher for matcher in each.matchers if matcher[0] == label] != [(label, "=~", f"${label}")]:
                yield f"{title}: {each.name} is of any {label}"


@rule("target-job-rule")
def _targets_are_of_the_chosen_jobs(board: Json) -> Iterator[str]:
    yield from _is_matched(board, "job")


@rule("target-instance-rule")
def _targets_are_of_the_chosen_instances(board: Json) -> Iterator[str]:
    yield from _is_matched(board, "instance")


@rule("target-counter-agg-rule")
def _counters_are_not_shown_as_they_are(board: Json) -> Iterator[str]:
    for title, expression in _parsed(board):
        for each in selected(filled(expression)):
            if each.name.endswith("_total") and not OVER_COUNTERS.intersection(each.around[:1]):
                yield f"{title} shows {each.name} as it is"


@rule("uneditable-dashboard-rule")
def _is_not_to_be_edited(board: Json) -> Iterator[str]:
    if board["editable"] is not False:
        yield "the board can be edited in place"


def _unparsed(expression: str) -> Iterator[str]:
    try:
        selected(filled(expression))
    except (ValueError, KeyError) as error:
        yield f"{expression} is no PromQL: {error}"


def _parsed(board: Json) -> Iterator[tuple[str, str]]:
    """What can be looked into; what cannot is the fault of another rule."""
    return ((title, expression) for title, expression in expressions(board) if not [*_unparsed(expression)])
