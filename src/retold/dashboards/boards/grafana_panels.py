"""Panels as Grafana's JSON: what they all have, and what each kind adds."""

from __future__ import annotations

from string import ascii_uppercase
from typing import Any

from retold.dashboards.boards.grafana_fields import defaults, exception, fixed
from retold.dashboards.boards.grafana_table import table
from retold.dashboards.boards.grid import Place
from retold.dashboards.boards.model import (
    BarGauge,
    Gauge,
    Heatmap,
    Panel,
    Stat,
    Table,
    Target,
    TimeSeries,
)

SOURCE = {"type": "prometheus", "uid": "${datasource}"}
"""The data source that was chosen."""

_REDUCED = {"calcs": ["lastNotNull"], "fields": "", "values": False}


def panel(number: int, shown: Panel, place: Place) -> dict[str, Any]:
    """A panel at its place."""
    targets = zip(ascii_uppercase, shown.targets, strict=False)
    return {
        "id": number,
        "title": shown.title,
        "description": shown.description,
        "datasource": SOURCE,
        "gridPos": {"h": place.height, "w": place.width, "x": place.x, "y": place.y},
        "targets": [_target(shown, letter, target) for letter, target in targets],
        **_of_kind(shown),
    }


def _of_kind(shown: Panel) -> dict[str, Any]:
    match shown:
        case TimeSeries():
            return _time_series(shown)
        case Stat():
            return _stat(shown)
        case Gauge():
            return _gauge(shown)
        case BarGauge():
            return _bar_gauge(shown)
        case Heatmap():
            return _heatmap(shown)
        case Table():
            return table(shown)
        case _:
            raise TypeError(f"{type(shown).__name__} has no form in Grafana")


def _target(shown: Panel, letter: str, target: Target) -> dict[str, Any]:
    match shown:
        case Table():
            answer = "table"
        case Heatmap():
            answer = "heatmap"
        case _:
            answer = "time_series"
    return {
        "refId": letter,
        "datasource": SOURCE,
        "expr": target.expression,
        "legendFormat": target.legend,
        "format": answer,
        "instant": shown.instant,
        "range": not shown.instant,
        "exemplar": target.exemplars,
        "editorMode": "code",
    }


def _time_series(shown: TimeSeries) -> dict[str, Any]:
    custom = {
        "drawStyle": "line",
        "lineInterpolation": "linear",
        "lineWidth": 0 if shown.stacked else 2,
        "fillOpacity": 70 if shown.stacked else 8,
        "gradientMode": "none",
        "showPoints": "auto",
        "pointSize": 4,
        "spanNulls": False,
        "stacking": {"mode": "normal" if shown.stacked else "none", "group": "A"},
        "axisPlacement": "auto",
        "axisLabel": "",
        "scaleDistribution": {"type": "linear"},
        "thresholdsStyle": {"mode": "off"},
    }
    colours = [exception(name, {"color": fixed(colour)}) for name, colour in shown.colours.items()]
    dashes = {"custom.lineStyle": {"fill": "dash", "dash": [8, 6]}, "custom.fillOpacity": 0}
    return {
        "type": "timeseries",
        "options": {
            "legend": {
                "displayMode": "table" if shown.summary else "list",
                "placement": "bottom",
                "showLegend": True,
                "calcs": list(shown.summary),
            },
            "tooltip": {"mode": "multi", "sort": "desc", "hideZeros": False},
        },
        "fieldConfig": {
            "defaults": defaults(shown, custom=custom),
            "overrides": [*colours, *(exception(name, dashes) for name in shown.dashed)],
        },
    }


def _stat(shown: Stat) -> dict[str, Any]:
    return {
        "type": "stat",
        "options": {
            "reduceOptions": _REDUCED,
            "colorMode": "value",
            "graphMode": "none",
            "justifyMode": "auto",
            "textMode": "auto",
            "wideLayout": True,
            "showPercentChange": False,
            "percentChangeColorMode": "standard",
            "orientation": "auto",
        },
        "fieldConfig": {"defaults": defaults(shown), "overrides": []},
    }


def _gauge(shown: Gauge) -> dict[str, Any]:
    return {
        "type": "gauge",
        "options": {
            "reduceOptions": _REDUCED,
            "showThresholdLabels": False,
            "showThresholdMarkers": True,
            "sizing": "auto",
            "minVizWidth": 75,
            "minVizHeight": 75,
            "orientation": "auto",
        },
        "fieldConfig": {"defaults": defaults(shown), "overrides": []},
    }


def _bar_gauge(shown: BarGauge) -> dict[str, Any]:
    return {
        "type": "bargauge",
        "options": {
            "reduceOptions": _REDUCED,
            "displayMode": "basic",
            "valueMode": "color",
            "namePlacement": "left",
            "showUnfilled": True,
            "sizing": "auto",
            "minVizWidth": 8,
            "minVizHeight": 16,
            "maxVizHeight": 300,
            "legend": {"displayMode": "list", "placement": "bottom", "showLegend": False, "calcs": []},
            "orientation": "horizontal",
        },
        "fieldConfig": {"defaults": defaults(shown), "overrides": []},
    }


def _heatmap(shown: Heatmap) -> dict[str, Any]:
    colours = {"mode": "scheme", "scheme": "Oranges", "fill": "dark-orange", "scale": "exponential", "exponent": 0.5}
    return {
        "type": "heatmap",
        "options": {
            "calculate": False,
            "color": {**colours, "steps": 64, "reverse": False},
            "rowsFrame": {"layout": "auto"},
            "yAxis": {"unit": shown.y_unit, "axisPlacement": "left", "reverse": False},
            "cellValues": {"unit": shown.unit},
            "cellGap": 1,
            "showValue": "never",
            "filterValues": {"le": 1e-9},
            "legend": {"show": True},
            "tooltip": {"mode": "single", "yHistogram": False, "showColorScale": False},
            "exemplars": {"color": "orange"},
        },
        "fieldConfig": {"defaults": defaults(shown, custom={"hideFrom": _NOWHERE}), "overrides": []},
    }


_NOWHERE = {"legend": False, "tooltip": False, "viz": False}
