"""What the guide to the rules says is so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.dashboards.promql_walk import faults
from tests.dashboards.rules.built import ALERTS, RECORDINGS
from tests.dashboards.rules.programs import amtool, promtool

ROOT = Path(__file__).parents[3]
GUIDE = (ROOT / "docs" / "how-to" / "load-the-rules.md").read_text(encoding="utf-8")
PROMETHEUS, ALERTMANAGER, OURS = re.findall(r"```yaml\n(.*?)```", GUIDE, re.DOTALL)


def test_its_table_has_every_alert_with_its_severity() -> None:
    listed = re.findall(r"^\| `(Retold\w+)` \| (\w+) \|", GUIDE, re.MULTILINE)

    assert sorted(listed) == sorted((alert.name, alert.severity) for alert in ALERTS)
    for document in (GUIDE, (ROOT / "README.md").read_text(encoding="utf-8")):
        assert "eighteen alerts" in document
    assert len(ALERTS) == 18


def test_prometheus_takes_its_configuration(tmp_path: Path) -> None:
    (tmp_path / "prometheus.yml").write_text(PROMETHEUS, encoding="utf-8")

    checked = promtool("check", "config", "--syntax-only", tmp_path / "prometheus.yml")

    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.fixture
def alertmanager(tmp_path: Path) -> Path:
    path = tmp_path / "alertmanager.yml"
    path.write_text(ALERTMANAGER, encoding="utf-8")
    return path


def test_alertmanager_takes_its_configuration(alertmanager: Path) -> None:
    checked = amtool("check-config", alertmanager)

    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "2 inhibit rules" in checked.stdout


@pytest.mark.parametrize(
    ("severity", "receiver"), [("critical", "on-call"), ("warning", "tickets"), ("info", "nobody")]
)
def test_alerts_go_where_it_says(alertmanager: Path, severity: str, receiver: str) -> None:
    labels = ["alertname=RetoldAny", f"severity={severity}"]

    routed = amtool("config", "routes", "test", f"--config.file={alertmanager}", *labels)

    assert routed.stdout.strip() == receiver


def test_an_alert_of_ones_own_may_ask_for_recorded_series(tmp_path: Path) -> None:
    (tmp_path / "ours.yml").write_text(OURS, encoding="utf-8")

    checked = promtool("check", "rules", "--lint=all", "--lint-fatal", tmp_path / "ours.yml")
    expression = re.findall(r"expr: (.*)", OURS)[0]

    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert faults(expression, RECORDINGS) == []
