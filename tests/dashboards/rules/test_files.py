"""The files: accepted by Prometheus and VictoriaMetrics, true to the names, and the same as those committed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from retold.dashboards import Options
from retold.dashboards.rules import rules
from retold.dashboards.rules.model import Alert, Recording
from tests.dashboards.promql_walk import faults, names_in, selected
from tests.dashboards.rules.built import ALERT_NAMES, ALERTS, RECORDINGS, groups
from tests.dashboards.rules.programs import promtool, vmalert

COMMITTED = Path(__file__).parents[3] / "dashboards"
PLATFORMS = {
    "as it comes": Options(),
    "a rehearsal": Options(time_scale=60),
    "one that has chosen": Options(
        matchers=('cluster="eu"', 'team=~"a|b"'),
        labels=("cluster", "service"),
        objective=0.9,
        fallbacks_are_served=True,
        uid_prefix="ours",
        grafana="https://grafana.example",
        runbooks="https://wiki.example/retold",
    ),
    "one without labels": Options(labels=()),
}
everywhere = pytest.mark.parametrize("options", PLATFORMS.values(), ids=PLATFORMS)


@pytest.fixture
def folder(options: Options, tmp_path: Path) -> Path:
    for path, text in rules(options).items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    return tmp_path / "prometheus"


@everywhere
def test_promtool_finds_nothing_to_say(folder: Path) -> None:
    checked = promtool("check", "rules", "--lint=all", "--lint-fatal", *sorted(folder.iterdir()))

    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert checked.stdout.count("SUCCESS") == 2


@everywhere
def test_vmalert_takes_them_too(folder: Path) -> None:
    checked = vmalert("-dryRun", *(f"-rule={file}" for file in folder.iterdir()))

    assert checked.returncode == 0, checked.stdout + checked.stderr


@everywhere
def test_the_files_say_what_the_rules_are(options: Options) -> None:
    written = rules(options)

    said = [
        group
        for name in ("rules", "alerts")
        for group in yaml.safe_load(written[f"prometheus/retold.{name}.yml"])["groups"]
    ]

    assert said == [{"name": group.name, "rules": [as_yaml(rule) for rule in group.rules]} for group in groups(options)]


def as_yaml(rule: Recording | Alert) -> dict[str, Any]:
    match rule:
        case Recording():
            return {"record": rule.name, "expr": f"{rule.expr}\n"}
        case Alert():
            return {
                "alert": rule.name,
                "expr": f"{rule.expr}\n",
                **({"for": rule.hold} if rule.hold else {}),
                "labels": {"severity": rule.severity},
                "annotations": {
                    "summary": rule.summary,
                    "description": rule.description,
                    "runbook_url": rule.runbook_url,
                    "dashboard_url": rule.dashboard_url,
                },
            }


def test_those_that_are_committed_are_those_that_are_built() -> None:
    built = rules(Options())

    assert {path: (COMMITTED / path).read_text(encoding="utf-8") for path in built} == built, (
        "run: .venv/bin/python -m retold dashboards write dashboards"
    )
    assert {path.name for path in (COMMITTED / "runbooks").iterdir()} == {
        path.removeprefix("runbooks/") for path in built if path.startswith("runbooks/")
    }


@everywhere
def test_rules_ask_for_what_there_is(options: Options) -> None:
    wrong = {
        rule.name: found
        for group in groups(options)
        for rule in group.rules
        if (found := faults(rule.expr, RECORDINGS))
    }

    assert wrong == {}


@everywhere
def test_every_selector_of_a_metric_carries_the_matchers_of_the_platform(options: Options) -> None:
    found = [each for group in groups(options) for rule in group.rules for each in selected(rule.expr)]
    chosen = {("cluster", "=", "eu"), ("team", "=~", "a|b")} if options.matchers else set()

    bare = [each for each in found if each.name not in RECORDINGS and not chosen <= set(each.matchers)]

    assert bare == []


def test_every_recorded_series_is_asked_for() -> None:
    asked = {name for group in groups(Options()) for rule in group.rules for name in names_in(rule.expr)}

    assert set(RECORDINGS) - asked == set()


def test_names_of_recorded_series_stay_when_time_is_scaled() -> None:
    recorded = [rule.name for group in groups(Options(time_scale=60)) for rule in group.rules]

    assert recorded == [*RECORDINGS, *(alert.name for alert in ALERTS)]


def test_a_rehearsal_is_as_much_faster_as_it_says() -> None:
    text = rules(Options(time_scale=60))["prometheus/retold.rules.yml"]

    assert sorted(set(re.findall(r"\[(\w+)\]", text))) == ["1m", "30s", "5s", "6m"]
    assert "offset 24m" in text
    assert "[10s:1s]" in rules(Options(time_scale=60))["prometheus/retold.alerts.yml"]


def test_what_a_platform_chooses_is_where_people_are_led_to() -> None:
    alert = next(
        rule for group in groups(PLATFORMS["one that has chosen"]) for rule in group.rules if isinstance(rule, Alert)
    )

    assert alert.runbook_url == "https://wiki.example/retold/RetoldGiveUpBurnFast.md"
    assert alert.dashboard_url == (
        "https://grafana.example/d/ours-operation?var-operation={{ $labels.retold_operation | urlquery }}"
    )
    assert alert.summary == "{{ $labels.retold_operation }} gives up on callers fast"


def test_an_objective_that_leaves_much_can_still_be_missed() -> None:
    conditions = {rule.name: rule.expr for group in groups(Options(objective=0.9)) for rule in group.rules}

    assert "> 0.9\n" in conditions["RetoldGiveUpBurnFast"]
    assert "> 0.6\n" in conditions["RetoldGiveUpBurnSlow"]


@pytest.mark.parametrize("name", ALERT_NAMES)
def test_a_runbook_begins_with_what_users_notice_and_ends_with_how_to_see_that_it_is_over(name: str) -> None:
    page = rules(Options())[f"runbooks/{name}.md"]
    headings = re.findall(r"^## (.*)$", page, re.MULTILINE)

    assert headings[:3] == ["What users notice", "What it means", "Confirm"]
    assert headings[-3:-2] in (["Do"], ["Do, after the proof"])
    assert headings[-2:] == ["See that it is over", "The alert"]
    assert "Likely causes" in headings
    for alert in ALERTS:
        if alert.name == name:
            assert f"```promql\n{alert.expr}\n```" in page
            assert alert.hold in page


@pytest.mark.parametrize("name", ALERT_NAMES)
def test_queries_in_runbooks_ask_for_what_there_is(name: str) -> None:
    page = rules(Options())[f"runbooks/{name}.md"]
    queries = re.findall(r"^ *```promql\n(.*?)```", page, re.MULTILINE | re.DOTALL)

    assert len(queries) > 1
    assert [fault for query in queries for fault in faults(query, RECORDINGS)] == []


def test_the_index_leads_to_every_runbook() -> None:
    index = rules(Options())["runbooks/README.md"]

    assert re.findall(r"^\| \[(\w+)\]\((\w+)\.md\) ", index, re.MULTILINE) == [(name, name) for name in ALERT_NAMES]
    assert "{{" not in index
    assert "| [RetoldAmplificationHigh](RetoldAmplificationHigh.md) | critical, warning | 10m |" in index
