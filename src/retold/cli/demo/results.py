"""What came of a run, from both sides: counted here and counted by each world."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from prometheus_client import REGISTRY, CollectorRegistry
from prometheus_client.openmetrics.exposition import generate_latest

from retold.cli.demo.tally import Count, Tally
from retold.cli.demo.traces import Traces
from retold.cli.demo.worlds.world import Verdict


class Results:
    """The counts of a run that is over.

    Attributes:
        tally: What was counted here.
        verdicts: What each world counted, beside that.
        held_back: Papers that did not begin because too many were under way.
    """

    def __init__(self, tally: Tally, verdicts: dict[str, Verdict], held_back: int) -> None:
        self.tally = tally
        self.verdicts = verdicts
        self.held_back = held_back
        self._answers = {
            operation: answers for verdict in verdicts.values() for operation, answers in verdict.answers.items()
        }

    @property
    def agree(self) -> bool:
        """Whether every world tells the same story as the counts here."""
        return all(verdict.agree for verdict in self.verdicts.values())

    def seen(self, operation: str) -> int:
        """How much of an operation its world has seen."""
        return sum(self._answers[operation].values())

    def write(self, folder: Path, traces: Traces | None, registry: CollectorRegistry = REGISTRY) -> None:
        """Write the table as `summary.json` and the final `/metrics` as `metrics.txt` (OpenMetrics)."""
        summary: dict[str, Any] = {
            "operations": {
                operation: _as_json(count) | {"upstream": self._answers[operation]}
                for operation, count in self.tally.operations.items()
            },
            "phases": {phase.value: _as_json(count) for phase, count in self.tally.phases.items()},
            "worlds": {name: {"agree": verdict.agree, "told": verdict.told} for name, verdict in self.verdicts.items()},
            "held_back": self.held_back,
            "agree": self.agree,
        }
        if traces is not None:
            summary["spans"] = {
                "delivered": traces.delivered,
                "lost": traces.lost,
                "destination": traces.destination,
            }
        (folder / "summary.json").write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")
        (folder / "metrics.txt").write_bytes(generate_latest(registry))  # type: ignore[no-untyped-call]


def _as_json(count: Count) -> dict[str, Any]:
    return {
        "calls": dict(count.calls),
        "attempts": dict(count.attempts),
        "effective_success": count.effective,
        "actual_success": count.actual,
        "amplification": count.amplification,
        "give_ups": count.give_ups,
        "fallbacks": count.fallbacks,
        "lost_calls": count.lost_calls,
        "lost_attempts": count.lost_attempts,
        "longest_wait": count.longest_wait,
    }
