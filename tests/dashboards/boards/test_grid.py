"""Where panels stand: beside each other where there is room, never upon each other."""

from itertools import combinations

import pytest

from retold.dashboards.boards import all_boards
from retold.dashboards.boards.grid import COLUMNS, Place, placed
from retold.dashboards.boards.model import Board, Row, Stat
from retold.dashboards.options import Options

BOARDS = all_boards(Options())


def stat(width: int, height: int) -> Stat:
    return Stat(title="", description="", targets=(), unit="none", width=width, height=height, empty="")


def board(*rows: Row) -> Board:
    return Board(uid="", title="", description="", rows=rows, variables=(), annotations=(), links=())


def test_panels_fill_what_is_left_beside_a_tall_one() -> None:
    panels = (stat(16, 6), stat(4, 3), stat(4, 3), stat(8, 3), stat(24, 2))

    places = [place for thing, place in placed(board(Row("One", panels), Row("Two", (stat(6, 4),))))]

    assert places == [
        Place(0, 0, 24, 1),
        Place(0, 1, 16, 6),
        Place(16, 1, 4, 3),
        Place(20, 1, 4, 3),
        Place(16, 4, 8, 3),
        Place(0, 7, 24, 2),
        Place(0, 9, 24, 1),
        Place(0, 10, 6, 4),
    ]


@pytest.mark.parametrize("shown", BOARDS.values(), ids=BOARDS)
def test_nothing_on_a_board_stands_upon_another(shown: Board) -> None:
    places = [place for _, place in placed(shown)]

    upon = [
        (one, other)
        for one, other in combinations(places, 2)
        if one.x < other.x + other.width
        and other.x < one.x + one.width
        and one.y < other.y + other.height
        and other.y < one.y + one.height
    ]

    assert upon == []
    assert all(place.x >= 0 and place.x + place.width <= COLUMNS for place in places)


@pytest.mark.parametrize("shown", BOARDS.values(), ids=BOARDS)
def test_no_line_of_a_board_has_a_gap(shown: Board) -> None:
    places = [place for _, place in placed(shown)]
    height = max(place.y + place.height for place in places)

    assert sum(place.width * place.height for place in places) == height * COLUMNS
