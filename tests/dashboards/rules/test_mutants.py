"""The cases would see it if a rule lost a guard or its `for`, or had another threshold."""

from __future__ import annotations

from collections.abc import Sequence
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

SHORT = 100
"""Minutes. Longer cases are tried only on mutants that live through these, which are few."""


def survives(
    folder: Path, original: Alert | Recording, mutant: Alert | Recording, tests: Sequence[Case | Reading]
) -> bool:
    """Whether promtool finds nothing wrong with a mutant in the place of the original."""
    needed = stands_on(original.name)
    kept = [
        Group(group.name, tuple(mutant if rule is original else rule for rule in group.rules if rule.name in needed))
        for group in GROUPS
    ]
    rules, cases = folder / "mutant.yml", folder / "mutant.test.yml"
    rules.write_text(rules_document("A mutant.", [group for group in kept if group.rules]), encoding="utf-8")
    for batch in ([each for each in tests if each.minutes <= SHORT], [each for each in tests if each.minutes > SHORT]):
        cases.write_text(document([test.test() for test in batch], rules.name), encoding="utf-8")
        if promtool("test", "rules", cases).returncode != 0:
            return False
    return True


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: f"{alert.name}-{alert.severity}")
def test_cases_see_every_mutant_of_an_alert(alert: Alert, tmp_path: Path) -> None:
    cases = cases_of(alert.name)

    survivors = [what for what, mutant in mutants_of(alert) if survives(tmp_path, alert, mutant, cases)]

    assert survives(tmp_path, alert, alert, cases)
    assert survivors == []


@pytest.mark.parametrize("name", RECORDINGS)
def test_readings_see_every_mutant_of_a_recorded_series(name: str, tmp_path: Path) -> None:
    recording = RECORDINGS[name]
    readings = [reading.only(name) for reading in READINGS if name in reading.values]

    survivors = [
        what for what, mutant in mutants_of_recording(recording) if survives(tmp_path, recording, mutant, readings)
    ]

    assert survives(tmp_path, recording, recording, readings)
    assert survivors == []
