"""Every expression of every board asks for what exists, in the way in which it can be asked."""

import pytest

from retold import telemetry
from retold.dashboards.boards import all_boards
from retold.dashboards.boards.model import Board, Heatmap, Panel, Table, Target
from retold.dashboards.options import Options
from retold.dashboards.variables import filled
from retold.telemetry import METRICS
from tests.dashboards.boards.expressions import faults, groups, metrics, uses

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
    functions = {use.function for use in uses(filled(target.expression)) if use.function}

    assert functions <= ({"increase"} if panel.instant else {"rate"})


@pytest.mark.parametrize("board", all_boards(Options()).values(), ids=all_boards(Options()))
def test_heatmaps_are_of_buckets_alone(board: Board) -> None:
    for panel in board.panels:
        if isinstance(panel, Heatmap):
            assert [groups(filled(target.expression)) for target in panel.targets] == [{"le"}]


def test_every_metric_is_on_some_panel() -> None:
    shown = {
        metric
        for board in all_boards(Options()).values()
        for panel in board.panels
        for target in panel.targets
        for metric in metrics(filled(target.expression))
    }

    assert [metric.name for metric in METRICS if metric not in shown] == []


def test_what_the_platform_asks_for_is_on_every_selector() -> None:
    options = Options(matchers=('cluster="eu"', 'env=~"prod|beta"'))

    for board in all_boards(options).values():
        for panel in board.panels:
            for target in panel.targets:
                for use in uses(filled(target.expression)):
                    found = {matcher.name: matcher.value for matcher in use.matchers}
                    assert (found["cluster"], found["env"]) == ("eu", "prod|beta")


@pytest.mark.parametrize(
    ("expression", "fault"),
    [
        ("retold_cals_total", "there is no retold_cals_total"),
        ("sum(retold_calls_total)", "retold_calls_total only grows, and stands outside of increase and rate"),
        ("rate(retold_call_active[1m])", "retold_call_active is a gauge and has no rate"),
        ("max_over_time(retold_calls_total[1m])", "retold_calls_total only grows, and stands outside of"),
        ('rate(retold_calls_total{le="1"}[1m])', "retold_calls_total has no label le"),
        ('rate(retold_calls_total{retold_outcome="sucess"}[1m])', "retold_outcome is never sucess"),
        ('rate(retold_calls_total{retold_outcome=~"success|lost"}[1m])', "retold_outcome is never lost"),
        ('rate(retold_give_ups_total{retold_outcome="aborted"}[1m])', "retold_outcome is never aborted"),
        ('rate(retold_call_attempts_bucket{le=~"6(\\\\.0)?"}[1m])', "le is never 6(\\.0)?"),
        ("sum by (pod) (retold_call_active)", "no series has the label pod"),
        ("-(count_over_time(retold_call_waiting[5m:1m])) > 1 and sum by (le) (retold_call_active)", "label le"),
    ],
)
def test_what_does_not_exist_is_found(expression: str, fault: str) -> None:
    (found,) = faults(expression)

    assert fault in found


def test_a_bucket_is_found_however_its_client_spells_it() -> None:
    (use,) = uses('rate(retold_call_attempts_bucket{le=~"2(\\\\.0)?"}[1m])')

    assert [matcher.value for matcher in use.matchers] == ["2(\\.0)?"]
    assert telemetry.CALL_ATTEMPTS in metrics("retold_call_attempts_bucket")
