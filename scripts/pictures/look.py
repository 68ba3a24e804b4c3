"""Colours and sizes, as they are in Grafana's dark theme."""

from __future__ import annotations

from collections.abc import Sequence

from retold.dashboards.boards.model import Step

CANVAS, PANEL, EDGE, GRID = "#111217", "#181b1f", "#2e3238", "#2a2d33"
TEXT, FAINT = "#ccccdc", "#8e8e9b"
UNFILLED = "#24272d"

NAMED = {
    "green": "#73bf69",
    "red": "#f2495c",
    "orange": "#ff9830",
    "yellow": "#fade2a",
    "blue": "#5794f2",
    "light-blue": "#8ab8ff",
    "purple": "#b877d9",
    "light-purple": "#ca95e5",
    "gray": "#808080",
}

PALETTE = ("#73bf69", "#f2cc0c", "#8ab8ff", "#ff780a", "#f2495c", "#5794f2", "#b877d9", "#705da0", "#37872d", "#fade2a")


def colour_of(value: float, steps: Sequence[Step]) -> str:
    """The colour of a number by its steps; that of text without any."""
    reached = [step for step in steps if step.value is None or value >= step.value]
    return NAMED[reached[-1].colour] if reached else TEXT
