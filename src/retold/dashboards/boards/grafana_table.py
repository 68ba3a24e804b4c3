"""Tables as Grafana's JSON: one query for each column, joined by the label that they have in common."""

from __future__ import annotations

from string import ascii_uppercase
from typing import Any

from retold.dashboards.boards.grafana_fields import defaults, exception, thresholds
from retold.dashboards.boards.model import Table


def table(shown: Table) -> dict[str, Any]:
    """What a table has besides what all panels have."""
    # A query's values are named after it, unless it is the only one.
    names = ["Value"] if len(shown.targets) == 1 else [f"Value #{letter}" for letter in ascii_uppercase]
    columns = dict(zip(names, (target.legend for target in shown.targets), strict=False))
    return {
        "type": "table",
        "options": {
            "showHeader": True,
            "cellHeight": "sm",
            "footer": {"show": False, "reducer": ["sum"], "countRows": False},
            "sortBy": [{"displayName": shown.sorted_by, "desc": True}],
        },
        "fieldConfig": {
            "defaults": defaults(shown, custom={"align": "auto", "cellOptions": {"type": "auto"}, "inspect": False}),
            "overrides": [_label(shown), *(_column(shown, name) for name in columns.values())],
        },
        "transformations": [
            {"id": "merge", "options": {}},
            {
                "id": "organize",
                "options": {
                    "excludeByName": {"Time": True},
                    "indexByName": {name: index for index, name in enumerate(("Time", shown.label, *columns))},
                    "renameByName": {shown.label: shown.label_title, **columns},
                },
            },
        ],
    }


def _label(shown: Table) -> dict[str, Any]:
    properties: dict[str, Any] = {"unit": "string", "custom.minWidth": 220}
    if shown.link is not None:
        properties["links"] = [{"title": shown.link.title, "url": shown.link.url}]
    return exception(shown.label_title, properties)


def _column(shown: Table, name: str) -> dict[str, Any]:
    column = shown.columns[name]
    properties: dict[str, Any] = {"unit": column.unit, "decimals": column.decimals}
    if column.steps:
        properties |= {
            "color": {"mode": "thresholds"},
            "thresholds": thresholds(column.steps),
            "custom.cellOptions": {"type": "color-text"},
        }
    return exception(name, properties)
