"""Stats, gauges, bar gauges and tables: panels with the numbers of one moment."""

from __future__ import annotations

import math
from collections.abc import Sequence

from matplotlib.patches import Wedge

from retold.dashboards.boards.model import BarGauge, Gauge, Panel, Stat, Table
from scripts.pictures.canvas import Box, Canvas
from scripts.pictures.look import EDGE, FAINT, NAMED, TEXT, UNFILLED, colour_of
from scripts.pictures.numbers import spelled
from scripts.pictures.prometheus import Answer, Series

_LINE = 27
_NAME = "#6e9fff"


def draw_stat(canvas: Canvas, box: Box, panel: Stat, answers: Sequence[Answer]) -> None:
    """One number, as large as there is room."""
    value = _first(answers).last
    size = min(30 if box.height < 100 else 52, box.height * 0.5)
    said = spelled(value, panel.unit, panel.decimals)
    middle = box.x + box.width / 2, box.y + box.height / 2 - 3
    canvas.text(*middle, said, size=size, colour=colour_of(value, panel.steps), align="center")


def draw_gauge(canvas: Canvas, box: Box, panel: Gauge, answers: Sequence[Answer]) -> None:
    """A dial, open below, with the steps around it."""
    value = _first(answers).last
    least, most = panel.least or 0.0, panel.most or 1.0
    side = min(box.width - 24, box.height - 20)
    axes = canvas.axes(Box(box.x + (box.width - side) / 2, box.y + (box.height - side) / 2, side, side))
    axes.set_xticks([])
    axes.set_yticks([])
    axes.set_xlim(-1.02, 1.02)
    axes.set_ylim(-0.92, 1.12)

    def angle(at: float) -> float:
        return 215 - 250 * min(max((at - least) / (most - least), 0), 1)

    axes.add_patch(Wedge((0, 0), 0.92, angle(most), angle(least), width=0.3, facecolor=UNFILLED))
    axes.add_patch(Wedge((0, 0), 0.92, angle(value), angle(least), width=0.3, facecolor=colour_of(value, panel.steps)))
    bounds = [least if step.value is None else step.value for step in panel.steps] + [most]
    for step, low, high in zip(panel.steps, bounds, bounds[1:], strict=False):
        axes.add_patch(Wedge((0, 0), 1, angle(high), angle(low), width=0.05, facecolor=NAMED[step.colour]))
    middle = box.x + box.width / 2, box.y + box.height / 2 + side * 0.08
    said = spelled(value, panel.unit, panel.decimals)
    canvas.text(*middle, said, size=side * 0.15, colour=colour_of(value, panel.steps), align="center")


def draw_bar_gauge(canvas: Canvas, box: Box, panel: BarGauge, answers: Sequence[Answer]) -> None:
    """A bar for each series, named to its left."""
    series = [each for answer in answers for each in answer.series]
    inner = box.inside(14, 2, 14, 12)
    name_width = max(canvas.width_of(each.name) for each in series)
    said = [spelled(each.last, panel.unit, panel.decimals) for each in series]
    value_width = max(map(canvas.width_of, said))
    most = panel.most or max(each.last for each in series) or 1.0
    height = min(inner.height / len(series), 42.0)
    room = inner.width - name_width - value_width - 24
    for index, (each, number) in enumerate(zip(series, said, strict=True)):
        top = inner.y + (inner.height - height * len(series)) / 2 + height * index
        colour = colour_of(each.last, panel.steps)
        bar = Box(inner.x + name_width + 12, top + 3, room, height - 6)
        canvas.text(bar.x - 12, top + height / 2, each.name, align="right")
        canvas.rectangle(bar, UNFILLED)
        canvas.rectangle(Box(bar.x, bar.y, max(bar.width * min(each.last / most, 1), 1.5), bar.height), colour)
        canvas.text(inner.x + inner.width, top + height / 2, number, colour=colour, align="right")


def draw_table(canvas: Canvas, box: Box, panel: Table, answers: Sequence[Answer]) -> None:
    """A line for each value of the label, those with the most first."""
    values = {
        answer.target.legend: {each.labels[panel.label]: each.last for each in answer.series} for answer in answers
    }
    found = {label for column in values.values() for label in column}
    ordered = sorted(found, key=lambda label: (-values[panel.sorted_by].get(label, 0), label))
    inner = box.inside(16, 0, 16, 8)
    column_width = min(180.0, inner.width * 0.72 / len(values))
    first_width = inner.width - column_width * len(values)
    canvas.text(inner.x, inner.y + _LINE / 2, panel.label_title, colour=FAINT, bold=True)
    for index, name in enumerate(values):
        end = inner.x + first_width + column_width * (index + 1)
        heading = f"{name} ↓" if name == panel.sorted_by else name
        canvas.text(end, inner.y + _LINE / 2, heading, colour=FAINT, align="right", bold=True)
    for number, label in enumerate(ordered[: int(inner.height // _LINE) - 1], 1):
        top = inner.y + _LINE * number
        canvas.rectangle(Box(inner.x, top, inner.width, 1), EDGE)
        canvas.text(inner.x, top + _LINE / 2, label, colour=_NAME if panel.link else TEXT, room=first_width - 12)
        for index, (name, column) in enumerate(values.items()):
            value, form = column.get(label, math.nan), panel.columns[name]
            said = panel.empty if math.isnan(value) else spelled(value, form.unit, form.decimals)
            end = inner.x + first_width + column_width * (index + 1)
            canvas.text(end, top + _LINE / 2, said, colour=colour_of(value, form.steps), align="right")


def draw_empty(canvas: Canvas, box: Box, panel: Panel) -> None:
    """What a panel says when there is nothing to show."""
    large = isinstance(panel, Stat | Gauge)
    x, y = box.x + box.width / 2, box.y + box.height / 2 - 3
    canvas.text(x, y, panel.empty, size=18 if large else 14, colour=FAINT, align="center", room=box.width - 16)


def _first(answers: Sequence[Answer]) -> Series:
    return next(each for answer in answers for each in answer.series)
