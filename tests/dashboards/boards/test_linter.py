"""The boards keep the rules of Grafana's linter, and the rules can be broken."""

import copy
import json
from collections.abc import Callable

import pytest

from retold.dashboards.boards import boards
from retold.dashboards.options import Options
from tests.dashboards.boards.linter import RULES, Json, panels, variable

OPTIONS = {
    "as they come": Options(),
    "of one cluster": Options(matchers=('cluster="eu"', 'env=~"prod|beta"'), datasource="Mimir", uid_prefix="eu"),
}


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
@pytest.mark.parametrize("name", RULES)
def test_the_boards_keep_every_rule(name: str, options: Options) -> None:
    written = boards(options)

    faults = [f"{path}: {fault}" for path, text in written.items() for fault in RULES[name](json.loads(text))]

    assert faults == []


def _target(board: Json) -> Json:
    found: Json = panels(board)[0]["targets"][0]
    return found


def _choice(board: Json, name: str) -> Json:
    found = variable(board, name)
    assert found is not None
    return found


BREAKS: dict[str, Callable[[Json], object]] = {
    "template-datasource-rule": lambda board: board["templating"]["list"].pop(0),
    "template-job-rule": lambda board: _choice(board, "job").update(multi=False),
    "template-instance-rule": lambda board: _choice(board, "instance").update(allValue=".*"),
    "template-label-promql-rule": lambda board: _choice(board, "job").update(query="label_values({, job)"),
    "template-on-time-change-reload-rule": lambda board: _choice(board, "operation").update(refresh=1),
    "panel-datasource-rule": lambda board: panels(board)[0].update(datasource={"type": "prometheus", "uid": "mine"}),
    "panel-title-description-rule": lambda board: panels(board)[0].pop("description"),
    "panel-units-rule": lambda board: panels(board)[0]["fieldConfig"]["defaults"].update(unit="furlong"),
    "panel-no-targets-rule": lambda board: panels(board)[0].update(targets=[]),
    "target-promql-rule": lambda board: _target(board).update(expr="sum(rate("),
    "target-rate-interval-rule": lambda board: _replace(board, "$__rate_interval", "5m"),
    "target-job-rule": lambda board: _replace(board, 'job=~"$job", ', ""),
    "target-instance-rule": lambda board: _replace(board, 'instance=~"$instance"', 'instance="$instance"'),
    "target-counter-agg-rule": lambda board: _target(board).update(expr="sum(retold_calls_total)"),
    "uneditable-dashboard-rule": lambda board: board.update(editable=True),
}


def _replace(board: Json, old: str, new: str) -> None:
    target = _target(board)
    target["expr"] = target["expr"].replace(old, new)


def test_every_rule_is_tried_on_a_board_that_breaks_it() -> None:
    assert BREAKS.keys() == RULES.keys()


@pytest.mark.parametrize("name", BREAKS)
@pytest.mark.parametrize("path", boards(Options()))
def test_a_rule_finds_the_board_that_breaks_it(name: str, path: str) -> None:
    board = json.loads(boards(Options())[path])
    broken = copy.deepcopy(board)

    BREAKS[name](broken)

    assert list(RULES[name](broken)) != []


def test_a_query_that_is_no_label_values_is_found() -> None:
    board = json.loads(boards(Options())["grafana/overview.json"])
    _choice(board, "job")["query"] = "jobs()"

    assert list(RULES["template-label-promql-rule"](board)) == ["job asks jobs()"]
