"""A whole board: its head, its rows, and each panel at its place."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime

from retold.dashboards.boards.grid import COLUMNS, Place, placed
from retold.dashboards.boards.model import BarGauge, Board, Gauge, Heatmap, Panel, Row, Stat, Table, TimeSeries
from scripts.pictures.at_once import draw_bar_gauge, draw_empty, draw_gauge, draw_stat, draw_table
from scripts.pictures.canvas import Box, Canvas
from scripts.pictures.look import EDGE, FAINT
from scripts.pictures.over_time import draw_heatmap, draw_time_series
from scripts.pictures.prometheus import Answer, Asking, Series

_WIDTH = 1280
_CELL_HEIGHT, _GAP = 30, 8
_HEAD = 62
_TITLE = 32


def draw_board(board: Board, asking: Asking, tell: Callable[[str], None]) -> Canvas:
    """A picture of the board; `tell` hears of each panel.

    Raises:
        PrometheusError: The server does not answer, or refuses a query.
    """
    everything = list(placed(board))
    lines = max(place.y + place.height for _, place in everything)
    canvas = Canvas(_WIDTH, _HEAD + lines * (_CELL_HEIGHT + _GAP) + _GAP)
    _draw_head(canvas, board, asking)
    marks = asking.marks(board)
    for thing, place in everything:
        box = _box(place)
        if isinstance(thing, Row):
            said = thing.title.replace("$operation", asking.operation)
            canvas.text(box.x + 4, box.y + box.height / 2, f"⌄  {said}", size=13.5, bold=True, room=box.width - 8)
        else:
            answers = asking.answers(thing)
            tell(f"{thing.title}: {sum(len(answer.series) for answer in answers)} series")
            draw_panel(canvas, box, thing, answers, marks)
    return canvas


def draw_panel(canvas: Canvas, box: Box, panel: Panel, answers: list[Answer], marks: list[float]) -> None:
    """One panel, with what its queries gave, and the moments to mark on it."""
    canvas.frame(box)
    canvas.text(box.x + 10, box.y + _TITLE / 2, panel.title, size=12.5, bold=True, room=box.width - 20)
    inner = box.inside(0, _TITLE, 0, 0)
    if not any(is_shown(panel, series) for answer in answers for series in answer.series):
        draw_empty(canvas, inner, panel)
        return
    match panel:
        case TimeSeries():
            draw_time_series(canvas, inner, panel, answers, marks)
        case Stat():
            draw_stat(canvas, inner, panel, answers)
        case Gauge():
            draw_gauge(canvas, inner, panel, answers)
        case BarGauge():
            draw_bar_gauge(canvas, inner, panel, answers)
        case Heatmap():
            draw_heatmap(canvas, inner, panel, answers)
        case Table():
            draw_table(canvas, inner, panel, answers)
        case _:
            raise TypeError(f"{type(panel).__name__} cannot be drawn")


def is_shown(panel: Panel, series: Series) -> bool:
    """Whether there is anything to see of it: a number, in a heatmap above 0."""
    return any(value > 0 if isinstance(panel, Heatmap) else not math.isnan(value) for value in series.values)


def _draw_head(canvas: Canvas, board: Board, asking: Asking) -> None:
    canvas.text(_GAP + 4, 18, board.title, size=16, bold=True)
    start, end = (datetime.fromtimestamp(time).strftime("%Y-%m-%d %H:%M:%S") for time in (asking.start, asking.end))
    canvas.text(_WIDTH - _GAP - 4, 18, f"{start} to {end}", size=12, colour=FAINT, align="right")
    x = _GAP + 4.0
    chosen = {"Data source": board.datasource or "Prometheus"}
    for variable in board.variables:
        chosen[variable.title] = "All" if variable.several else asking.operation
    for title, value in chosen.items():
        width = canvas.width_of(title) + canvas.width_of(value) + 26
        canvas.frame(Box(x, 34, width, 24))
        used = canvas.text(x + 8, 46, title, colour=FAINT)
        canvas.rectangle(Box(x + 13 + used, 34, 1, 24), EDGE)
        canvas.text(x + 19 + used, 46, value)
        x += width + 10


def _box(place: Place) -> Box:
    column = (_WIDTH - _GAP) / COLUMNS
    line = _CELL_HEIGHT + _GAP
    return Box(
        _GAP + place.x * column,
        _HEAD + place.y * line,
        place.width * column - _GAP,
        place.height * line - _GAP,
    )
