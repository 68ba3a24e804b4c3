"""The cases would see it if a rule lost a guard, a threshold or its `for`."""

from __future__ import annotations

from pathlib import Path

import pytest

from retold.dashboards.rules.model import Alert, Group, Recording
from retold.dashboards.rules.yaml import document as rules_document
from tests.dashboards.rules.all_cases import cases_of
from tests.dashboards.rules.built import ALERTS, GROUPS, RECORDINGS, stands_on
from tests.dashboards.rules.cases import Case, Reading, document
from tests.dashboards.rules.mutants import mutants_of, mutants_of_recording
from tests.dashboards.rules.programs import promtool
from tests.dashboards.rules.readings import READINGS

FEW_MINUTES = 600
"""Cases that are longer are left out where others see the same."""


def survives(
    tmp_path: Path, original: Alert | Recording, mutant: Alert | Recording, tests: list[Case] | list[Reading]
) -> bool:
    """Whether promtool finds nothing wrong with a mutant in the place of the original."""
    needed = stands_on(original.name)
    kept = [
        Group(group.name, tuple(mutant if rule is original else rule for rule in group.rules if rule.name in needed))
        for group in GROUPS
    ]
    rules, cases = tmp_path / "mutant.yml", tmp_path / "mutant.test.yml"
    rules.write_text(rules_document("A mutant.", [group for group in kept if group.rules]), encoding="utf-8")
    cases.write_text(document([test.test() for test in tests], rules.name), encoding="utf-8")
    return promtool("test", "rules", cases).returncode == 0


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: f"{alert.name}-{alert.severity}")
def test_cases_see_every_mutant_of_an_alert(alert: Alert, tmp_path: Path) -> None:
    cases = cases_of(alert.name)

    assert survives(tmp_path, alert, alert, cases)
    assert [what for what, mutant in mutants_of(alert) if survives(tmp_path, alert, mutant, cases)] == []


@pytest.mark.parametrize("name", RECORDINGS)
def test_readings_see_every_mutant_of_a_recorded_series(name: str, tmp_path: Path) -> None:
    recording = RECORDINGS[name]
    readings = [reading for reading in READINGS if name in reading.values]

    survivors = [
        what
        for what, mutant in mutants_of_recording(recording)
        if survives(tmp_path, recording, mutant, [_alone(reading, name) for reading in readings])
    ]

    assert survivors == []


def _alone(reading: Reading, name: str) -> Reading:
    return Reading(reading.name, reading.phases, reading.at, {name: reading.values[name]}, reading.restart)
