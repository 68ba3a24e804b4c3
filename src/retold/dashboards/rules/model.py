"""What rules are made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Severity: TypeAlias = Literal["critical", "warning", "info"]
"""Wakes somebody; is looked at today; is there for whoever looks."""


@dataclass(frozen=True, slots=True)
class Recording:
    """A series that is worked out once for all who read it: `help` says what of."""

    name: str
    expr: str
    help: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """A condition that somebody should know of.

    Args:
        name: Also that of its runbook. Alerts may share one, with other severities.
        why: Why the condition is as it is.
        expr: The condition. Its value is what the description speaks of.
        hold: How long it must hold, as PromQL writes it; empty if not at all.
        summary: One line, with labels of the alert in Go's templates.
        description: What is known, with `$value`.
        facts: What its runbook is told besides, by name.
    """

    name: str
    why: str
    expr: str
    hold: str
    severity: Severity
    summary: str
    description: str
    runbook_url: str
    dashboard_url: str
    facts: Mapping[str, str] = field(default_factory=dict)


Rule: TypeAlias = Recording | Alert


@dataclass(frozen=True, slots=True)
class Group:
    """Rules that are evaluated one after the other, in this order."""

    name: str
    rules: tuple[Rule, ...]
