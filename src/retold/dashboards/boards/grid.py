"""Where panels stand on a board of 24 columns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from retold.dashboards.boards.model import Board, Panel, Row

COLUMNS = 24
ROW_HEIGHT = 1
"""What the line above a row's panels takes."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands: `x` and `y` of its upper left corner, and its extent."""

    x: int
    y: int
    width: int
    height: int


def placed(board: Board) -> Iterator[tuple[Row | Panel, Place]]:
    """Everything on the board with its place, rows before their panels.

    A panel stands as high as there is room for it, and there as far left, below nothing that came after it.
    """
    top = 0
    for row in board.rows:
        yield row, Place(0, top, COLUMNS, ROW_HEIGHT)
        floor = [top + ROW_HEIGHT] * COLUMNS  # the first free line of each column
        for panel in row.panels:
            place = _lowest(floor, panel)
            yield panel, place
            floor[place.x : place.x + place.width] = [place.y + place.height] * place.width
        top = max(floor)


def _lowest(floor: list[int], panel: Panel) -> Place:
    starts = range(COLUMNS - panel.width + 1)
    y, x = min((max(floor[x : x + panel.width]), x) for x in starts)
    return Place(x, y, panel.width, panel.height)
