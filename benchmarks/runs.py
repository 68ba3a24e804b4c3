"""A row in several fresh processes, and what they found together."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from benchmarks import worker
from benchmarks.contest import Row, Verdict
from benchmarks.measure import Figure, combined

OURS = "retold"
"""The contender that a goal is for."""

_LIMIT = 300.0
"""Seconds that a worker may take."""


@dataclass(frozen=True, slots=True)
class Found:
    """What is known about a row.

    Attributes:
        problem: Why there are no figures, or empty.
    """

    figures: dict[str, Figure] = field(default_factory=dict)
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    skipped: str = ""
    problem: str = ""

    @property
    def wrong(self) -> bool:
        """Whether Retold failed in a question of yes or no, or could not be asked."""
        ours = self.verdicts.get(OURS)
        return bool(self.problem) or (ours is not None and not ours.right)


def run(row: Row, *, processes: int, rounds: int, with_peers: bool, say: Callable[[str], None]) -> Found:
    """Measure a row in fresh processes, one after the other."""
    answers: list[dict[str, Any]] = []
    for number in range(1, processes + 1):
        say(f"{row.name} {number}/{processes}")
        command = worker.command(row.name, rounds, number, with_peers=with_peers, real_sleep=row.real_sleep)
        try:
            done = subprocess.run(
                command, env=worker.environment(), capture_output=True, text=True, timeout=_LIMIT, check=False
            )
        except subprocess.TimeoutExpired:
            return Found(problem=f"no answer within {_LIMIT:.0f} s")
        if done.returncode:
            return Found(problem=(done.stderr.strip().splitlines() or ["no message"])[-1])
        answer = json.loads(done.stdout.splitlines()[-1])
        if "skipped" in answer:
            return Found(skipped=answer["skipped"])
        answers.append(answer)
    return _together(answers)


def _together(answers: list[dict[str, Any]]) -> Found:
    first = answers[0]
    return Found(
        figures={name: combined(Figure(**answer["figures"][name]) for answer in answers) for name in first["figures"]},
        verdicts={name: _worst(answer["verdicts"][name] for answer in answers) for name in first["verdicts"]},
        notes=tuple(dict.fromkeys(note for answer in answers for note in answer["notes"])),
    )


def _worst(verdicts: Iterable[dict[str, Any]]) -> Verdict:
    return min((Verdict(**each) for each in verdicts), key=lambda each: each.right)
