"""Cases in which an alert fires, or does not, as tests for promtool."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from tests.dashboards.rules.traffic import JOB, NAMESPACE, OPERATION, Phase, input_series

RULE_FILES = ["../retold.rules.yml", "../retold.alerts.yml"]
RESTART = 4
"""The minute after which the second pod is restarted, in every case that does not say otherwise."""

Labels = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Firing:
    """When an alert begins to fire, when it is over, and what it says at first."""

    since: int
    until: int
    severity: str
    summary: str
    description: str
    labels: Labels = field(default_factory=lambda: {"retold_operation": OPERATION})

    def expected(self) -> Labels:
        return {"namespace": NAMESPACE, "job": JOB, "severity": self.severity, **self.labels}


@dataclass(frozen=True, slots=True)
class Case:
    """What two pods do, and when an alert fires of it: never, if nothing is said."""

    alert: str
    name: str
    phases: tuple[Phase, ...]
    firing: tuple[Firing, ...] = ()
    restart: int = RESTART

    def test(self) -> dict[str, Any]:
        """The test, as promtool reads it."""
        end = sum(phase.minutes for phase in self.phases)
        alarms = f'ALERTS{{alertname="{self.alert}", alertstate="firing"}}'
        moments = {moment for each in self.firing for moment in (each.since - 1, each.since)}
        # Texts hold values of the moment: they are known where an alert begins, and where none fires.
        moments |= {each.until for each in self.firing if not self._alerts_at(each.until)}
        return {
            "name": f"{self.alert}: {self.name}",
            "interval": "1m",
            "input_series": input_series(self.phases, self.restart),
            "alert_rule_test": [
                {"eval_time": f"{moment}m", "alertname": self.alert, "exp_alerts": self._alerts_at(moment)}
                for moment in sorted(moments)
            ],
            "promql_expr_test": [
                {
                    "expr": f"count_over_time({alarms}[{end}m])",
                    "eval_time": f"{end}m",
                    "exp_samples": [
                        {"labels": _series(self.alert, each.expected()), "value": each.until - each.since}
                        for each in self.firing
                    ],
                }
            ],
        }

    def _alerts_at(self, moment: int) -> list[dict[str, Any]]:
        """What fires at a moment at which some alert begins to; texts are known of that moment alone."""
        return [
            {
                "exp_labels": dict(each.expected()),
                "exp_annotations": {
                    "summary": each.summary,
                    "description": each.description,
                    "runbook_url": f"https://github.com/retold/retold/blob/main/dashboards/runbooks/{self.alert}.md",
                    "dashboard_url": _board(each.labels),
                },
            }
            for each in self.firing
            if each.since <= moment < each.until
        ]


def document(tests: Iterable[dict[str, Any]], rule_files: list[str], head: str) -> str:
    """A file for `promtool test rules`."""
    body = {"rule_files": rule_files, "evaluation_interval": "1m", "tests": list(tests)}
    return head + yaml.safe_dump(body, sort_keys=False, width=10_000, allow_unicode=True)


def _series(alert: str, labels: Labels) -> str:
    own = {"alertname": alert, "alertstate": "firing", **labels}
    return "{" + ", ".join(f'{label}="{value}"' for label, value in own.items()) + "}"


def _board(labels: Labels) -> str:
    operation = labels.get("retold_operation")
    return f"/d/retold-operation?var-job={JOB}" + (f"&var-operation={operation}" if operation else "")
