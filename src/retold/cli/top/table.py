"""The table of operations: as many columns as the screen is wide enough for, the most telling first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.text import Text

from retold.cli.top.scene import Row
from retold.cli.top.shapes import binned, chart, ending, style
from retold.cli.top.words import count, percent, rate, seconds, times

_LEAST_NAME, _MOST_NAME = 12, 16
"""Characters of names for which columns give way."""
_WIDE = 100
_LEAST_CHART, _MOST_CHART = 10, 40
_CHARTS = ("effective", "actual")
_OF = (", last minute", ", 1 min", "")
"""What the charts' titles go on with: the first of which there is room for."""


@dataclass(frozen=True, slots=True)
class _Column:
    title: str
    width: int
    cell: Callable[[Row], tuple[str, str]]
    """The text of a row and its style."""


def _gave_up(row: Row) -> tuple[str, str]:
    total = sum(row.give_ups.values())
    lately = sum(row.flow.give_ups.values())
    return count(total), "bold red" if lately else "" if total else "dim"


def _gave_up_rate(row: Row) -> tuple[str, str]:
    lately = row.flow.rate(sum(row.flow.give_ups.values()))
    return (rate(lately), "bold red") if lately else ("-", "dim")


def _amplification(row: Row) -> tuple[str, str]:
    number = row.flow.amplification
    return times(number), "dim" if number is None else "red" if number >= 2 else "yellow" if number > 1.5 else ""


def _asleep(row: Row) -> tuple[str, str]:
    return f"{count(row.waiting)} of {count(row.active)}", "" if row.active else "dim"


def _share_asleep(row: Row) -> tuple[str, str]:
    share = row.flow.asleep
    return "-" if share is None else f"{share:.0%}", "dim" if not share else "yellow" if share > 0.5 else ""


_COLUMNS = (
    _Column("calls/s", 8, lambda row: (rate(row.flow.rate(sum(row.flow.calls.values()))), "")),
    _Column("effective", 10, lambda row: (percent(row.flow.ended.effective), style(row.flow.ended.effective))),
    _Column("actual", 7, lambda row: (percent(row.flow.ended.actual), style(row.flow.ended.actual))),
    _Column("a call", 7, _amplification),
    _Column("gave up", 8, _gave_up),
    _Column("/s", 5, _gave_up_rate),
    _Column("asleep", 10, _asleep),
    _Column("p95", 8, lambda row: (seconds(row.flow.p95), "")),
    _Column("waits", 6, _share_asleep),
)
_DROPPED_FIRST = ("/s", "waits", "p95", "a call", "asleep", "calls/s", "gave up")


def table(
    rows: Sequence[Row], chosen: int, width: int, *, moments: int, a_minute: int, order: str, title: str
) -> list[Text]:
    """A line of titles and one for each row, the first of which is all of them together.

    Args:
        rows: From top to bottom.
        chosen: Which of them is marked.
        width: Of the screen.
        moments: How many there were, for the lines of the last minute.
        a_minute: How many of them are a minute.
        order: The column that rows are ordered by, which is underlined.
        title: Of the first column.
    """
    longest = max(_LEAST_NAME, *(cell_len(row.operation) for row in rows))
    columns = _that_fit(width, min(longest, _MOST_NAME))
    left = width - 2 - sum(column.width for column in columns)
    name = min(left, longest)
    of_chart = min(_MOST_CHART, (left - name - 4) // 2)
    if of_chart < _LEAST_CHART:
        name, of_chart = left, 0
    return [
        _titles(columns, name, of_chart, order, title),
        *(_line(row, number == chosen, columns, name, of_chart, moments, a_minute) for number, row in enumerate(rows)),
    ]


def _that_fit(width: int, name: int) -> list[_Column]:
    columns = [column for column in _COLUMNS if column.title != "/s" or width >= _WIDE]
    dropped_next = iter(_DROPPED_FIRST)
    while name + 2 + sum(column.width for column in columns) > width:
        title = next(dropped_next)
        columns = [column for column in columns if column.title != title]
    return columns


def _titles(columns: Sequence[_Column], name: int, of_chart: int, order: str, title: str) -> Text:
    line = Text("  ").append(title[:name].ljust(name), "dim underline" if order == "name" else "dim")
    for column in columns:
        line.append(" " * (column.width - len(column.title)))
        line.append(column.title, "dim underline" if order.startswith(column.title) else "dim")
    if of_chart:
        of = next(of for of in _OF if len(max(_CHARTS, key=len) + of) <= of_chart)
        for chart_title in _CHARTS:
            line.append("  " + (chart_title + of).ljust(of_chart), "dim")
    return line


def _line(
    row: Row, is_chosen: bool, columns: Sequence[_Column], name: int, of_chart: int, moments: int, a_minute: int
) -> Text:
    line = Text().append("▸ " if is_chosen else "  ", "bold cyan")
    line.append(ending(row.operation, name), "bold" if is_chosen else "")
    for column in columns:
        text, look = column.cell(row)
        line.append(text.rjust(column.width), look)
    if of_chart:
        past = binned(row.past, moments, of_chart, a_minute)
        for shares in ([each.effective for each in past], [each.actual for each in past]):
            line.append("  ").append_text(chart(shares, of_chart, 1)[0])
    return line
