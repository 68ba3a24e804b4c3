"""What all alerts have in common: where they lead to, and how they say what they speak of."""

from __future__ import annotations

from collections.abc import Mapping

from retold.dashboards.rules.language import Language
from retold.dashboards.rules.model import Alert, Severity
from retold.telemetry import OPERATION, label_name

_OPERATION = label_name(OPERATION)

PERCENT = "{{ $value | humanizePercentage }}"
NUMBER = '{{ printf "%.3g" $value }}'
IN_JOB = " in {{ $labels.job }}"
COUNT = '{{ printf "%.0f" $value }}'


class Writer:
    """Writes alerts. Their texts may hold `{who}`: the operation and its job, or the job alone.

    Attributes:
        say: Spells their expressions.
    """

    def __init__(self, say: Language) -> None:
        self.say = say
        has_job = "job" in say.targets
        in_job = IN_JOB if has_job else ""
        self._operation = f"{{{{ $labels.{_OPERATION} }}}}{in_job}"
        self._target = "{{ $labels.job }}" if has_job else "a process"
        job = ["var-job={{ $labels.job | urlquery }}"] if has_job else []
        operation = f"var-operation={{{{ $labels.{_OPERATION} | urlquery }}}}"
        board = f"{say.options.grafana}/d/{say.options.uid_prefix}"
        self._target_url = "?".join([f"{board}-overview", *job])
        self._operation_url = f"{board}-operation?{'&'.join([*job, operation])}"

    def alert(
        self,
        name: str,
        why: str,
        expr: str,
        *,
        hold: float = 0,
        severity: Severity,
        summary: str,
        description: str,
        of_targets: bool = False,
        facts: Mapping[str, str] | None = None,
    ) -> Alert:
        """One alert. `hold` is in seconds; `of_targets` if it knows no operation; `facts` are for its runbook."""
        who = self._target if of_targets else self._operation
        return Alert(
            name=name,
            why=why,
            expr=expr,
            hold=self.say.time(hold) if hold else "",
            severity=severity,
            summary=_sentence(summary.replace("{who}", who)),
            description=_sentence(description.replace("{who}", who)),
            runbook_url=f"{self.say.options.runbooks}/{name}.md",
            dashboard_url=self._target_url if of_targets else self._operation_url,
            facts=facts or {},
        )


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
