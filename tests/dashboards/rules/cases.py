"""Cases in which an alert fires, or does not, as tests for promtool."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import yaml

from tests.dashboards.rules.built import GROUPS, stands_on
from tests.dashboards.rules.texts import TEXTS
from tests.dashboards.rules.traffic import JOB, NAMESPACE, OPERATION, Phase, input_series

RESTART = 4
"""The minute after which the second pod is restarted, in every case that does not say otherwise."""


@dataclass(frozen=True, slots=True)
class Firing:
    """The minutes at which an alert begins to fire and is over, and the value that it tells at first."""

    since: int
    until: int
    value: str = ""
    severity: str = ""
    """If it is not always the same."""


@dataclass(frozen=True, slots=True)
class Case:
    """What two pods do, and when an alert fires of it: never, if nothing is said."""

    alert: str
    name: str
    phases: tuple[Phase, ...]
    firing: tuple[Firing, ...] = ()
    restart: int = RESTART

    @property
    def minutes(self) -> int:
        return sum(phase.minutes for phase in self.phases)

    def test(self, unit: str = "m") -> dict[str, Any]:
        """The test, as promtool reads it; in a rehearsal, minutes are seconds."""
        end = self.minutes
        alarms = f'ALERTS{{alertname="{self.alert}", alertstate="firing"}}'
        moments = {moment for each in self.firing for moment in (each.since - 1, each.since)}
        # Texts hold values of the moment: they are known where an alert begins, and where none fires.
        moments |= {each.until for each in self.firing if not self._alerts_at(each.until)}
        return {
            "name": f"{self.alert}: {self.name}",
            "interval": f"1{unit}",
            "input_series": input_series(self.phases, self.restart, stands_on(self.alert)),
            "alert_rule_test": [
                {"eval_time": f"{moment}{unit}", "alertname": self.alert, "exp_alerts": self._alerts_at(moment)}
                for moment in sorted(moments)
            ],
            "promql_expr_test": [
                {
                    "expr": f"count_over_time({alarms}[{end}{unit}])",
                    "eval_time": f"{end}{unit}",
                    "exp_samples": [
                        {"labels": _series(self.alert, self._labels(each)), "value": each.until - each.since}
                        for each in self.firing
                    ],
                }
            ],
        }

    def _alerts_at(self, moment: int) -> list[dict[str, Any]]:
        """What fires at a moment at which some alert begins to; texts are known of that moment alone."""
        return [
            {"exp_labels": self._labels(each), "exp_annotations": self._annotations(each)}
            for each in self.firing
            if each.since <= moment < each.until
        ]

    def _labels(self, firing: Firing) -> dict[str, str]:
        told = TEXTS[self.alert]
        return {"namespace": NAMESPACE, "job": JOB, "severity": firing.severity or told.severity, **told.labels}

    def _annotations(self, firing: Firing) -> dict[str, str]:
        told = TEXTS[self.alert]
        operation = told.labels.get("retold_operation")
        return {
            "summary": told.summary,
            "description": told.description.replace("VALUE", firing.value),
            "runbook_url": f"https://github.com/retold/retold/blob/main/dashboards/runbooks/{self.alert}.md",
            "dashboard_url": (
                f"/d/retold-operation?var-job={JOB}&var-operation={operation}"
                if operation
                else f"/d/retold-overview?var-job={JOB}"
            ),
        }


def document(tests: Iterable[dict[str, Any]], *rule_files: str, every: str = "1m") -> str:
    """A file for `promtool test rules`, which by itself evaluates groups in any order."""
    body = {
        "rule_files": list(rule_files),
        "evaluation_interval": every,
        "group_eval_order": [group.name for group in GROUPS],
        "tests": list(tests),
    }
    return yaml.safe_dump(body, sort_keys=False, width=10_000, allow_unicode=True)


@dataclass(frozen=True, slots=True)
class Reading:
    """What two pods do, and which values recorded series then have at a minute, or None where they are absent."""

    name: str
    phases: tuple[Phase, ...]
    at: int
    values: Mapping[str, float | None]
    restart: int = RESTART

    @property
    def minutes(self) -> int:
        return self.at

    def only(self, name: str) -> Reading:
        """The same of one series."""
        return replace(self, values={name: self.values[name]})

    def test(self) -> dict[str, Any]:
        """The test, as promtool reads it."""
        labels = f'{{namespace="{NAMESPACE}", job="{JOB}", retold_operation="{OPERATION}"}}'
        return {
            "name": self.name,
            "interval": "1m",
            "input_series": input_series(self.phases, self.restart, stands_on(*self.values)),
            "promql_expr_test": [
                {
                    "expr": name,
                    "eval_time": f"{self.at}m",
                    "exp_samples": [] if value is None else [{"labels": name + labels, "value": value}],
                }
                for name, value in self.values.items()
            ],
        }


def _series(alert: str, labels: Mapping[str, str]) -> str:
    own = {"alertname": alert, "alertstate": "firing", **labels}
    return "{" + ", ".join(f'{label}="{value}"' for label, value in own.items()) + "}"
