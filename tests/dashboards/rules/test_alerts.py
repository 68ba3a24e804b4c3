"""Alerts fire when they should, are over when they should, and are quiet else: asked of the real promtool."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from retold.dashboards import Options
from retold.dashboards.rules import rules
from tests.dashboards.rules.all_cases import CASES, cases_of
from tests.dashboards.rules.built import ALERT_NAMES, ALERTS, RECORDINGS
from tests.dashboards.rules.cases import Case, Firing, Reading, document
from tests.dashboards.rules.programs import promtool
from tests.dashboards.rules.readings import READINGS
from tests.dashboards.rules.texts import TEXTS
from tests.dashboards.rules.traffic import Phase, Traffic

pytestmark = pytest.mark.takes(seconds=50)


def wrong_of(folder: Path, tests: list[dict[str, Any]], *, options: Options | None = None, every: str = "1m") -> str:
    """What promtool finds wrong."""
    for path, text in rules(options or Options()).items():
        if path.endswith(".yml"):
            (folder / Path(path).name).write_text(text, encoding="utf-8")
    file = folder / "cases.test.yml"
    file.write_text(document(tests, "retold.rules.yml", "retold.alerts.yml", every=every), encoding="utf-8")
    ran = promtool("test", "rules", file)
    return "" if ran.returncode == 0 else ran.stdout + ran.stderr


def hold(wrong: str) -> None:
    """Fail with all that promtool says, if it finds anything wrong."""
    if wrong:
        pytest.fail(wrong, pytrace=False)


@pytest.mark.parametrize("alert", ALERT_NAMES)
def test_an_alert_fires_when_it_should_and_says_what_it_should(alert: str, tmp_path: Path) -> None:
    hold(wrong_of(tmp_path, [case.test() for case in cases_of(alert)]))


@pytest.mark.parametrize("reading", READINGS, ids=lambda reading: reading.name)
def test_recorded_series_are_what_they_should(reading: Reading, tmp_path: Path) -> None:
    hold(wrong_of(tmp_path, [reading.test()]))


def test_promtool_would_say_what_is_wrong(tmp_path: Path) -> None:
    first, *_ = cases_of("RetoldGiveUps")
    wrong = Case(first.alert, first.name, first.phases, (Firing(31, 47, "3"),))

    said = wrong_of(tmp_path, [wrong.test()])

    assert "3 of the few calls" in said
    assert "2 of the few calls" in said


@pytest.mark.parametrize("alert", ALERT_NAMES)
def test_every_alert_has_cases_of_firing_of_quiet_and_of_a_fresh_system(alert: str) -> None:
    cases = cases_of(alert)
    severities = {firing.severity or TEXTS[alert].severity for case in cases for firing in case.firing}

    assert severities == {each.severity for each in ALERTS if each.name == alert}
    assert [case.name for case in cases if not case.firing] != []
    assert [case.name for case in cases if "fresh" in case.name or "start" in case.name] != []
    assert {case.alert for case in CASES} == set(ALERT_NAMES)


@pytest.mark.parametrize("name", RECORDINGS)
def test_every_recorded_series_has_a_value_and_an_absence(name: str) -> None:
    values = [reading.values[name] for reading in READINGS if name in reading.values]

    assert [value for value in values if value is not None] != []
    assert None in values


def test_calls_that_are_served_a_fallback_keep_the_objective_if_a_platform_says_so(tmp_path: Path) -> None:
    half_served = Traffic(at_once=30, gave_up=30, fallbacks=15)
    all_served = Traffic(gave_up=60, fallbacks=60)
    phases = (Phase(60, half_served), Phase(60, all_served))

    served = Reading(
        "half of the give-ups are served", phases[:1], 60, {"job_operation:retold_misses:increase1h": 1_800}
    )
    quiet = Case("RetoldGiveUpBurnFast", "all are served", phases[1:])
    loud = Case("RetoldGiveUpBurnFast", "half are served", phases, (Firing(3, 65, "25%"),))

    hold(wrong_of(tmp_path, [served.test(), quiet.test(), loud.test()], options=Options(fallbacks_are_served=True)))


@pytest.mark.parametrize("alert", ["RetoldGiveUpBurnFast", "RetoldMetastableSuspected", "RetoldCallsStuck"])
def test_a_rehearsal_takes_as_many_seconds_as_the_incident_does_minutes(alert: str, tmp_path: Path) -> None:
    case = next(case for case in cases_of(alert) if case.firing)
    # Texts name windows, which are shorter: when it fires is enough.
    test = case.test("s") | {"alert_rule_test": []}

    hold(wrong_of(tmp_path, [test], options=Options(time_scale=60), every="1s"))
