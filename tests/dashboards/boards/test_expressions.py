"""Every expression of every board asks for what exists, in the way in which it can be asked."""

import pytest

from retold.dashboards.boards import all_boards
from retold.dashboards.boards.model import Board, Heatmap, Panel, Table, Target
from retold.dashboards.options import Options
from retold.dashboards.variables import filled
from retold.telemetry import METRICS
from tests.dashboards.promql_walk import SERIES, faults, groups, names_in, selected

OPERATION = "shop.fetch"

TARGETS = [
    pytest.param(panel, target, id=f"{name}-{panel.title}-{number}")
    for name, board in all_boards(Options()).items()
    for panel in board.panels
    for number, target in enumerate(panel.targets)
]


@pytest.mark.parametrize(("panel", "target"), TARGETS)
def test_a_target_asks_for_what_exists(panel: Panel, target: Target) -> None:
    assert faults(filled(target.expression, operation=OPERATION)) == []


@pytest.mark.parametrize(("panel", "target"), TARGETS)
def test_a_legend_names_labels_that_its_series_have(panel: Panel, target: Target) -> None:
    named = [part.split("}}")[0] for part in target.legend.split("{{")[1:]]
    rows = [panel.label] if isinstance(panel, Table) else []
    used_up = {"job", "instance"} if isinstance(panel, Heatmap) else {"job", "instance", "le"}

    assert {*named, *rows} == groups(filled(target.expression, operation=OPERATION)) - used_up


@pytest.mark.parametrize(("panel", "target"), TARGETS)
def test_a_panel_over_time_has_rates_and_one_of_numbers_increases(panel: Panel, target: Target) -> None:
    functions = {each.around[0] for each in selected(filled(target.expression)) if each.over_time}

    assert functions <= ({"increase"} if panel.instant else {"rate"})


@pytest.mark.parametrize("board", all_boards(Options()).values(), ids=all_boards(Options()))
def test_heatmaps_are_of_buckets_alone(board: Board) -> None:
    for panel in board.panels:
        if isinstance(panel, Heatmap):
            assert [groups(filled(target.expression)) for target in panel.targets] == [{"le"}]


def test_every_metric_is_on_some_panel() -> None:
    shown = {
        SERIES[name].metric
        for board in all_boards(Options()).values()
        for panel in board.panels
        for target in panel.targets
        for name in names_in(filled(target.expression))
    }

    assert [metric.name for metric in METRICS if metric not in shown] == []


def test_what_the_platform_asks_for_is_on_every_selector() -> None:
    options = Options(matchers=('cluster="eu"', 'env=~"prod|beta"'))

    for board in all_boards(options).values():
        for panel in board.panels:
            for target in panel.targets:
                for each in selected(filled(target.expression)):
                    assert {("cluster", "=", "eu"), ("env", "=~", "prod|beta")} <= set(each.matchers)
