"""How Grafana is told what numbers look like: units, colours, and exceptions by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from retold.dashboards.boards.model import Panel, Step


def defaults(shown: Panel, *, custom: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """What holds for all numbers of a panel; `custom` is what its kind adds."""
    bounds = {"decimals": shown.decimals, "min": shown.least, "max": shown.most}
    return {
        "unit": shown.unit,
        "noValue": shown.empty,
        "color": {"mode": "thresholds" if shown.steps else "palette-classic"},
        "thresholds": thresholds(shown.steps),
        "mappings": [],
        **{key: value for key, value in bounds.items() if value is not None},
        **({} if custom is None else {"custom": dict(custom)}),
    }


def thresholds(steps: Sequence[Step]) -> dict[str, Any]:
    """Colours by value."""
    return {
        "mode": "absolute",
        "steps": [{"value": step.value, "color": step.colour} for step in steps] or [{"value": None, "color": "text"}],
    }


def exception(name: str, properties: Mapping[str, Any]) -> dict[str, Any]:
    """What is different for the series or column of that name."""
    return {
        "matcher": {"id": "byName", "options": name},
        "properties": [{"id": key, "value": value} for key, value in properties.items()],
    }


def fixed(colour: str) -> dict[str, Any]:
    """One colour, whatever the value."""
    return {"mode": "fixed", "fixedColor": colour}
