"""The table on the screen, and the same in JSON."""

from __future__ import annotations

import json
import platform
from collections.abc import Iterator
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, TypeAlias

from benchmarks.contest import Row
from benchmarks.measure import Figure
from benchmarks.runs import OURS, Found

Before: TypeAlias = dict[str, dict[str, float]]
"""The ratios of an earlier run, by row and contender."""

_PACKAGES = (
    "retold",
    "tenacity",
    "stamina",
    "backoff",
    "redress",
    "nopanic",
    "google-api-core",
    "prometheus-client",
    "opentelemetry-sdk",
)


def lines(row: Row, found: Found, before: Before) -> Iterator[str]:
    """A row as it is printed."""
    goal = "" if row.goal is None else f"   goal <= {_ratio(row.goal)}"
    yield f"{row.name}: {row.what}{goal}"
    if found.problem:
        yield f"  FAILED: {found.problem}"
    if found.skipped:
        yield f"  skipped: {found.skipped}"
    for name, figure in found.figures.items():
        yield f"  {_line(row, name, figure, before.get(row.name, {}).get(name))}".rstrip()
    for name, verdict in found.verdicts.items():
        yield f"  {name:<36}{'exact' if verdict.right else 'NOT EXACT':>10}   {verdict.detail}"
    for note in found.notes:
        yield f"  note: {note}"
    yield ""


def _line(row: Row, name: str, figure: Figure, before: float | None) -> str:
    spread = f"{_ratio(figure.low)}-{_ratio(figure.high)}"
    change = "" if before is None else f"was {_ratio(before)} ({figure.ratio / before - 1:+.0%})"
    mark = mark_of(row, figure) if name == OURS else ""
    return (
        f"{name:<36}{_ratio(figure.ratio):>8}  {spread:<15} {_cost(figure.cost, row.in_bytes):>9}  {mark:<11} {change}"
    )


def mark_of(row: Row, figure: Figure) -> str:
    """How Retold's figure stands to the goal. A goal counts as met by the median."""
    if row.goal is None:
        return ""
    return "met" if figure.ratio <= row.goal else "MISSED"


def summary(rows: list[tuple[Row, Found]]) -> Iterator[str]:
    """How many goals are met, and which are not."""
    judged = [(row, found.figures[OURS]) for row, found in rows if row.goal is not None and OURS in found.figures]
    missed = [(row, figure) for row, figure in judged if mark_of(row, figure) == "MISSED"]
    yield f"{len(judged) - len(missed)} of {len(judged)} goals met"
    for row, figure in missed:
        yield f"  missed: {row.name} {_ratio(figure.ratio)}, goal {_ratio(row.goal or 0)}"
    for row, found in rows:
        if found.wrong:
            yield f"  wrong: {row.name}"


def as_json(rows: list[tuple[Row, Found]], *, processes: int, rounds: int) -> str:
    """Everything that was found, and with what."""
    document: dict[str, Any] = {
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
        "packages": dict(_versions()),
        "processes": processes,
        "rounds": rounds,
        "rows": {row.name: {"unit": row.unit, "goal": row.goal, **asdict(found)} for row, found in rows},
    }
    return json.dumps(document, indent=1) + "\n"


def read(path: Path) -> Before:
    """The ratios in what `as_json` wrote."""
    rows = json.loads(path.read_text())["rows"]
    return {
        name: {contender: figure["ratio"] for contender, figure in row["figures"].items()} for name, row in rows.items()
    }


def _versions() -> Iterator[tuple[str, str]]:
    for package in _PACKAGES:
        try:
            yield package, version(package)
        except PackageNotFoundError:
            continue


def _ratio(value: float) -> str:
    if value < 0.1:
        return f"{value:.4f}"
    return f"{value:.2f}" if value < 10 else f"{value:.1f}"


def _cost(value: float, in_bytes: bool) -> str:
    if in_bytes:
        return f"{value:.0f} B"
    for scale, unit in ((1e-3, "ms"), (1e-6, "us")):
        if value >= scale * 0.9995:
            return f"{value / scale:.3g} {unit}"
    return f"{value / 1e-9:.0f} ns"
