"""What the doctor finds, and how it says so: a line each, or JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal, TypeAlias

Status: TypeAlias = Literal["ok", "note", "problem"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: all is well, or not, or it could not be seen (`note`)."""

    status: Status
    subject: str
    message: str
    remedy: str | None = None


EACH_WORKER = (
    "set up OpenTelemetry in every worker and not before the fork: gunicorn's post_fork, celery's worker_process_init"
)
"""The remedy for what does not survive a fork."""


def ok(subject: str, message: str) -> Finding:
    """It is as it should be."""
    return Finding("ok", subject, message)


def note(subject: str, message: str, remedy: str | None = None) -> Finding:
    """It is worth knowing, and no problem; `remedy` is how to know more."""
    return Finding("note", subject, message, remedy)


def problem(subject: str, message: str, remedy: str) -> Finding:
    """It keeps telemetry from showing, or makes it wrong."""
    return Finding("problem", subject, message, remedy)


def as_lines(findings: Sequence[Finding]) -> str:
    """One line for each finding, and one for the verdict."""
    lines = [f"{each.status:<8} {_on_one_line(each)}" for each in findings]
    count = sum(each.status == "problem" for each in findings)
    verdict = "no problem found" if count == 0 else "1 problem found" if count == 1 else f"{count} problems found"
    return "\n".join([*lines, verdict])


def as_json(findings: Sequence[Finding]) -> str:
    """The same for programs."""
    return json.dumps({"healthy": is_healthy(findings), "findings": [asdict(each) for each in findings]}, indent=2)


def is_healthy(findings: Sequence[Finding]) -> bool:
    """Whether none of them is a problem."""
    return all(each.status != "problem" for each in findings)


def _on_one_line(finding: Finding) -> str:
    # Variables and messages of others may have several.
    text = f"{finding.subject}: {finding.message}"
    return " ".join((text if finding.remedy is None else f"{text}. Remedy: {finding.remedy}").split())
