"""The guard's figures: what was found, what is known, and what grew."""

from __future__ import annotations

import json
import platform
import sys
from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

_N = TypeVar("_N", int, float)

TOLERANCE = 0.02
"""How much the ratio of instructions may grow."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What was counted of one case.

    Attributes:
        left_behind: Blocks that are still allocated after many calls.
        held: Blocks that a call holds while the function runs.
        instructions: Of a call, divided by the closure's; None if nobody counted.
    """

    left_behind: int
    held: int
    instructions: float | None = None

    def __str__(self) -> str:
        counted = "" if self.instructions is None else f"  instructions {self.instructions:.3f}"
        return f"left behind {self.left_behind}  held {self.held}{counted}"


@dataclass(slots=True)
class Known:
    """The figures of the file.

    Attributes:
        held: Of each case, by the Python version.
        pinned: The one build of Python whose instructions are known.
        instructions: Of each case, there.
    """

    held: dict[str, dict[str, int]] = field(default_factory=dict)
    pinned: str | None = None
    instructions: dict[str, float] = field(default_factory=dict)

    @classmethod
    def read(cls, file: Path) -> Known:
        """What a file knows, which may not be there yet."""
        if not file.exists():
            return cls()
        content: dict[str, Any] = json.loads(file.read_text())
        counted: dict[str, Any] = content["instructions"]
        return cls(content["held"], counted["python"], counted["cases"])

    def write(self, file: Path) -> None:
        content = {"held": self.held, "instructions": {"python": self.pinned, "cases": self.instructions}}
        file.write_text(json.dumps(content, indent=2, sort_keys=True) + "\n")

    def pin(self) -> None:
        """Have instructions be those of the Python that runs."""
        if self.pinned != build():
            self.pinned = build()
            self.instructions = {}

    def renew(self, found: Mapping[str, Figures]) -> None:
        """Know what was found instead."""
        held = self.held.setdefault(version(), {})
        for case, figures in found.items():
            held[case] = figures.held
            if figures.instructions is not None:
                self.instructions[case] = figures.instructions

    def forget_but(self, cases: Container[str]) -> None:
        """Forget cases that there are no more."""
        self.held = {version: _those(cases, held) for version, held in self.held.items()}
        self.instructions = _those(cases, self.instructions)


@dataclass(slots=True)
class Verdict:
    """What is to be said of the figures: what grew, and what else should be known."""

    problems: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


def judge(found: Mapping[str, Figures], known: Known) -> Verdict:
    """Compare what was found with what is known."""
    verdict = Verdict()
    for case, figures in found.items():
        if figures.left_behind > 0:
            verdict.problems.append(f"{case}: {figures.left_behind} blocks are left behind")
        if version() in known.held:
            _compare(verdict, case, "blocks held", figures.held, known.held[version()].get(case))
        if figures.instructions is not None:
            before = known.instructions.get(case)
            _compare(verdict, case, "of the closure's instructions", figures.instructions, before, TOLERANCE)
    if version() not in known.held:
        verdict.remarks.append(f"no blocks are known of Python {version()}: only what is left behind was judged")
    return verdict


def _those(cases: Container[str], known: Mapping[str, _N]) -> dict[str, _N]:
    return {case: number for case, number in known.items() if case in cases}


def _compare(verdict: Verdict, case: str, what: str, now: float, before: float | None, tolerance: float = 0.0) -> None:
    if before is None:
        verdict.problems.append(f"{case}: {now:g} {what}, and none are known: --write them")
    elif now > before * (1 + tolerance):
        verdict.problems.append(f"{case}: {now:g} {what}, and it had {before:g}")
    elif now < before * (1 - tolerance):
        verdict.remarks.append(f"{case}: {now:g} {what}, better than {before:g}: --write it")


def version() -> str:
    """The version of Python that decides how many blocks there are."""
    return ".".join(platform.python_version_tuple()[:2])


def build() -> str:
    """The build of Python, which decides how many instructions there are."""
    name, number, compiler = sys.implementation.name, platform.python_version(), platform.python_compiler()
    return f"{name} {number}, {compiler}, {platform.machine()}"
