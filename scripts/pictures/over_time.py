"""Time series and heatmaps: panels with time from left to right."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, PowerNorm
from matplotlib.ticker import MaxNLocator

from retold.dashboards.boards.model import Heatmap, Summary, TimeSeries
from scripts.pictures.canvas import Box, Canvas
from scripts.pictures.look import FAINT, NAMED, PALETTE
from scripts.pictures.numbers import spelled, tick
from scripts.pictures.prometheus import Answer, Series

FloatArray: TypeAlias = npt.NDArray[np.float64]

_LINE = 18
"""Height of a line of the legend."""

_HEAT = LinearSegmentedColormap.from_list("heat", ["#3b2416", "#8c4a12", "#ff9830", "#fff1dc"])


def draw_time_series(
    canvas: Canvas, box: Box, panel: TimeSeries, answers: Sequence[Answer], marks: Sequence[float]
) -> None:
    """Lines, those that are stacked as areas, with exemplars as dots, above a legend; `marks` are upright lines."""
    series = [each for answer in answers for each in answer.series]
    colours = [_colour(panel, each, index) for index, each in enumerate(series)]
    height = _legend_height(canvas, box, panel, series)
    axes = canvas.axes(box.inside(64 if panel.unit in ("cps", "s") else 52, 6, 10, 24 + height))
    floor = np.zeros(len(series[0].times))
    for each, colour in zip(series, colours, strict=True):
        values = np.array(each.values)
        if panel.stacked:
            top = floor + np.nan_to_num(values)
            axes.fill_between(each.times, floor, top, color=colour, alpha=0.7, linewidth=0)
            floor = top
            continue
        dashed = each.name in panel.dashed
        style = (0, (4, 3)) if dashed else "-"
        axes.plot(each.times, values, color=colour, linewidth=1.8, linestyle=style, clip_on=False)
        if panel.least == 0 and not dashed:
            axes.fill_between(each.times, 0, values, color=colour, alpha=0.06, linewidth=0)
    _dots(axes, answers)
    for moment in marks:
        axes.axvline(moment, color=NAMED["red"], linewidth=1, linestyle=(0, (3, 3)), alpha=0.8)
    _scale(axes, panel, series)
    _time(axes, series[0].times)
    _legend(canvas, Box(box.x + 12, box.y + box.height - height, box.width - 24, height), panel, series, colours)


def draw_heatmap(canvas: Canvas, box: Box, panel: Heatmap, answers: Sequence[Answer]) -> None:
    """How often each bucket was met: the brighter, the more. Of buckets that nothing met, only the next ones."""
    buckets = sorted((each for answer in answers for each in answer.series), key=lambda each: float(each.labels["le"]))
    times = buckets[0].times
    upto = np.nan_to_num(np.array([each.values for each in buckets]))
    met = np.diff(upto, axis=0, prepend=0)
    met[met <= 1e-9] = np.nan
    rows = _rows(met)
    axes = canvas.axes(box.inside(58, 6, 64, 24))
    axes.grid(visible=False)
    step = times[1] - times[0]
    edges = [times[0] - step, *times]
    most = float(np.nanmax(met))
    strength = PowerNorm(0.5, 0, most)
    mesh = axes.pcolormesh(edges, range(len(rows) + 1), met[list(rows)], cmap=_HEAT, norm=strength)
    mesh.set_edgecolor("face")
    names = [_bucket(buckets[index], panel) for index in rows]
    every = math.ceil(len(names) / 10)
    axes.set_yticks([index + 1 for index in range(0, len(names), every)], names[::every])
    _time(axes, times)
    scale = canvas.axes(Box(box.x + box.width - 54, box.y + 14, 8, box.height - 56))
    scale.grid(visible=False)
    scale.pcolormesh([0, 1], np.linspace(0, most, 65), np.linspace(0, most, 64)[:, None], cmap=_HEAT, norm=strength)
    scale.yaxis.tick_right()
    scale.set_xticks([])
    scale.set_yticks([0, most], ["0", spelled(most, panel.unit, 1).removesuffix(" c/s")])


def _rows(met: FloatArray) -> range:
    """The buckets from the one below the first that was met to the one above the last."""
    found = [index for index, row in enumerate(met) if not np.isnan(row).all()]
    return range(max(found[0] - 1, 0), min(found[-1] + 1, len(met) - 1) + 1)


def _bucket(series: Series, panel: Heatmap) -> str:
    bound = float(series.labels["le"])
    return "∞" if math.isinf(bound) else spelled(bound, panel.y_unit)


def _colour(panel: TimeSeries, series: Series, index: int) -> str:
    named = panel.colours.get(series.name)
    return PALETTE[index % len(PALETTE)] if named is None else NAMED[named]


def _dots(axes: Axes, answers: Sequence[Answer]) -> None:
    for answer in answers:
        if answer.exemplars:
            times, values = zip(*answer.exemplars, strict=True)
            axes.scatter(times, values, s=9, marker="D", color="#8ab8ff", alpha=0.75, linewidths=0, zorder=3)


def _scale(axes: Axes, panel: TimeSeries, series: Sequence[Series]) -> None:
    low, high = axes.get_ylim()
    least = low if panel.least is None else panel.least
    most = high if panel.most is None else panel.most
    if all(math.isnan(value) or value == 0 for each in series for value in each.values):
        most = least + 1
    axes.set_ylim(least, most)
    values = MaxNLocator(5 if panel.height <= 9 else 6, steps=[1, 2, 2.5, 5, 10]).tick_values(least, most)
    slack = (most - least) * 1e-6
    seen = [value for value in values if least - slack <= value <= most + slack]
    axes.set_yticks(seen, [tick(value, panel.unit) for value in seen])


def _time(axes: Axes, times: Sequence[float]) -> None:
    axes.set_xlim(times[0], times[-1])
    length = times[-1] - times[0]
    room = axes.get_window_extent().width / 110
    steps = (15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400)
    step = next((step for step in steps if length / step <= room), 43200)
    ticks = np.arange(math.ceil(times[0] / step) * step, times[-1], step)
    ticks = ticks[(ticks - times[0] > length * 0.03) & (times[-1] - ticks > length * 0.05)]
    form = "%H:%M" if step % 60 == 0 else "%H:%M:%S"
    axes.set_xticks(ticks, [datetime.fromtimestamp(tick).strftime(form) for tick in ticks])


def _legend_height(canvas: Canvas, box: Box, panel: TimeSeries, series: Sequence[Series]) -> float:
    if panel.summary:
        return _LINE * (len(series) + 1) + 10
    return _LINE * len(_lines(canvas, box.width - 24, series)) + 10


def _lines(canvas: Canvas, room: float, series: Sequence[Series]) -> list[list[int]]:
    """Which series stand in which line of the legend; what is beyond the third line is left out."""
    lines: list[list[int]] = [[]]
    used = 0.0
    for index, each in enumerate(series):
        width = canvas.width_of(each.name, 11) + 34
        if lines[-1] and used + width > room:
            lines.append([])
            used = 0
        lines[-1].append(index)
        used += width
    return lines[:3]


def _legend(canvas: Canvas, box: Box, panel: TimeSeries, series: Sequence[Series], colours: Sequence[str]) -> None:
    if panel.summary:
        _legend_table(canvas, box, panel, series, colours)
        return
    for number, line in enumerate(_lines(canvas, box.width, series)):
        x, y = box.x, box.y + _LINE * (number + 0.5)
        for index in line:
            canvas.rectangle(Box(x, y - 1.5, 14, 3), colours[index])
            x += 20 + canvas.text(x + 20, y, series[index].name, size=11) + 14


_SUMMARIES: dict[Summary, str] = {"min": "Min", "mean": "Mean", "max": "Max", "lastNotNull": "Last *"}


def _legend_table(
    canvas: Canvas, box: Box, panel: TimeSeries, series: Sequence[Series], colours: Sequence[str]
) -> None:
    ends = [box.x + box.width - 80 * index for index in reversed(range(len(panel.summary)))]
    canvas.text(box.x + 20, box.y + _LINE / 2, "Name", size=11, colour=FAINT)
    for end, summary in zip(ends, panel.summary, strict=True):
        canvas.text(end, box.y + _LINE / 2, _SUMMARIES[summary], size=11, colour="#6e9fff", align="right")
    for index, each in enumerate(series):
        y = box.y + _LINE * (index + 1.5)
        canvas.rectangle(Box(box.x, y - 1.5, 14, 3), colours[index])
        canvas.text(box.x + 20, y, each.name, size=11, room=ends[0] - box.x - 90)
        for end, summary in zip(ends, panel.summary, strict=True):
            canvas.text(end, y, spelled(_summed(each, summary), panel.unit, panel.decimals), size=11, align="right")


def _summed(series: Series, summary: Summary) -> float:
    values = [value for value in series.values if not math.isnan(value)] or [math.nan]
    match summary:
        case "min":
            return min(values)
        case "mean":
            return sum(values) / len(values)
        case "max":
            return max(values)
        case "lastNotNull":
            return values[-1]
