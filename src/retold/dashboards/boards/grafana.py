"""Boards as the JSON that Grafana 11.6 and later load, each key as its schema names it."""

from __future__ import annotations

import json
from typing import Any

from retold.dashboards.boards.grafana_panels import SOURCE, panel
from retold.dashboards.boards.grid import placed
from retold.dashboards.boards.model import Annotation, Board, Link, Row, Variable
from retold.dashboards.variables import ALL

_SCHEMA = 41
_ON_TIME_CHANGE = 2
_BY_NAME = 1
_SHARED_CROSSHAIR = 1


def written(board: Board) -> str:
    """The text of a board's file."""
    return json.dumps(document(board), indent=2, ensure_ascii=False) + "\n"


def document(board: Board) -> dict[str, Any]:
    """A board as Grafana keeps it."""
    return {
        "uid": board.uid,
        "title": board.title,
        "description": board.description,
        "tags": ["retold"],
        "schemaVersion": _SCHEMA,
        "version": 1,
        "editable": False,
        "graphTooltip": _SHARED_CROSSHAIR,
        "refresh": "30s",
        "time": {"from": "now-1h", "to": "now"},
        "timezone": "browser",
        "templating": {"list": [_data_source(board), *map(_variable, board.variables)]},
        "annotations": {"list": [_built_in(), *map(_annotation, board.annotations)]},
        "links": [_link(link) for link in board.links],
        "panels": [
            _row(number, thing, place.y) if isinstance(thing, Row) else panel(number, thing, place)
            for number, (thing, place) in enumerate(placed(board), 1)
        ],
    }


def _row(number: int, row: Row, y: int) -> dict[str, Any]:
    return {
        "id": number,
        "type": "row",
        "title": row.title,
        "collapsed": False,
        "gridPos": {"h": 1, "w": 24, "x": 0, "y": y},
        "panels": [],
    }


def _data_source(board: Board) -> dict[str, Any]:
    chosen = {} if board.datasource is None else {"text": board.datasource, "value": board.datasource}
    return {
        "type": "datasource",
        "name": "datasource",
        "label": "Data source",
        "query": "prometheus",
        "current": chosen,
        "refresh": 1,
    }


def _variable(variable: Variable) -> dict[str, Any]:
    asked = {
        "type": "query",
        "name": variable.name,
        "label": variable.title,
        "datasource": SOURCE,
        "query": f"label_values({variable.selector}, {variable.label})",
        "refresh": _ON_TIME_CHANGE,
        "sort": _BY_NAME,
    }
    if not variable.several:
        return asked
    everything = {"text": ["All"], "value": ["$__all"]}
    return asked | {"multi": True, "includeAll": True, "allValue": ALL, "current": everything}


def _built_in() -> dict[str, Any]:
    return {
        "name": "Annotations & Alerts",
        "datasource": {"type": "grafana", "uid": "-- Grafana --"},
        "builtIn": 1,
        "enable": True,
        "hide": True,
        "iconColor": "blue",
        "type": "dashboard",
    }


def _annotation(annotation: Annotation) -> dict[str, Any]:
    return {
        "name": annotation.title,
        "datasource": SOURCE,
        "enable": True,
        "iconColor": "red",
        "expr": annotation.expression,
        "titleFormat": annotation.heading,
        "textFormat": annotation.text,
        "step": "",
        "tagKeys": "alertname",
    }


def _link(link: Link) -> dict[str, Any]:
    return {
        "type": "link",
        "title": link.title,
        "url": link.url,
        "icon": "external link" if link.new_tab else "dashboard",
        "tooltip": "",
        "tags": [],
        "asDropdown": False,
        "includeVars": False,
        "keepTime": link.keeps_time,
        "targetBlank": link.new_tab,
    }
