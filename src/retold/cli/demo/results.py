"""What came of a run, from both sides: counted here and counted by the upstream."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from prometheus_client import REGISTRY
from prometheus_client.openmetrics.exposition import generate_latest

from retold.cli.demo.crawler import ROUTES
from retold.cli.demo.tally import Count, Tally
from retold.cli.demo.traces import Traces


class Results:
    """The counts of a run that is over.

    Attributes:
        tally: What was counted here.
        requests: What the upstream counted, by operation.
        held_back: Calls that did not begin because too many were under way.
    """

    def __init__(self, tally: Tally, upstream: dict[str, dict[str, int]], held_back: int) -> None:
        self.tally = tally
        self.held_back = held_back
        self.requests = {operation: sum(upstream.get(route, {}).values()) for operation, route in ROUTES.items()}
        self._answers = upstream

    @property
    def agree(self) -> bool:
        """Whether every attempt made here is a request that the upstream counted, and the other way around."""
        attempts = {operation: count.attempts.total() for operation, count in self.tally.operations.items()}
        return attempts == self.requests

    def write(self, folder: Path, traces: Traces | None) -> None:
        """Write the table as `summary.json` and the final `/metrics` as `metrics.txt` (OpenMetrics)."""
        summary: dict[str, Any] = {
            "operations": {
                operation: _as_json(count) | {"upstream": self._answers.get(ROUTES[operation], {})}
                for operation, count in self.tally.operations.items()
            },
            "phases": {phase.value: _as_json(count) for phase, count in self.tally.phases.items()},
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
        (folder / "metrics.txt").write_bytes(generate_latest(REGISTRY))  # type: ignore[no-untyped-call]


def _as_json(count: Count) -> dict[str, Any]:
    return {
        "calls": dict(count.calls),
        "attempts": dict(count.attempts),
        "effective_success": count.effective,
        "actual_success": count.actual,
        "amplification": count.amplification,
        "give_ups": count.give_ups,
        "fallbacks": count.fallbacks,
        "longest_wait": count.longest_wait,
    }
