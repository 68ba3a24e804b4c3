"""Shapes on a screen: columns over time, digits that are seen across a room, and names of one width."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from retold.cli.top.flow import Ended
from retold.cli.top.scene import Mood

_BLOCKS = " ▁▂▃▄▅▆▇█"
_EMPTY = "·"

STYLES = {Mood.GOOD: "green", Mood.FAIR: "yellow", Mood.BAD: "red", Mood.PLAIN: ""}

DIGITS_HEIGHT = 3
_DIGITS = {
    "0": ("███", "█ █", "█ █", "█ █", "███"),
    "1": ("██ ", " █ ", " █ ", " █ ", "███"),
    "2": ("███", "  █", "███", "█  ", "███"),
    "3": ("███", "  █", "███", "  █", "███"),
    "4": ("█ █", "█ █", "███", "  █", "  █"),
    "5": ("███", "█  ", "███", "  █", "███"),
    "6": ("███", "█  ", "███", "█ █", "███"),
    "7": ("███", "  █", "  █", "  █", "  █"),
    "8": ("███", "█ █", "███", "█ █", "███"),
    "9": ("███", "█ █", "███", "  █", "███"),
    ".": (" ", " ", " ", " ", "█"),
    "%": ("██  █", "██ █ ", "  █  ", " █ ██", "█  ██"),
    "-": ("   ", "   ", "███", "   ", "   "),
}
_HALVES = {"  ": " ", "█ ": "▀", " █": "▄", "██": "█"}


def mood(share: float) -> Mood:
    """What a share of successes means."""
    return Mood.GOOD if share >= 0.99 else Mood.FAIR if share >= 0.9 else Mood.BAD


def style(share: float | None) -> str:
    """The colour of a share of successes; none is dim."""
    return "dim" if share is None else STYLES[mood(share)]


def digits(text: str) -> list[str]:
    """A number of digits, point and per cent sign, three rows high: two pixels to a row."""
    rows = [" ".join(_DIGITS[each][row] for each in text) for row in range(5)]
    rows.append(" " * len(rows[0]))
    return [
        "".join(_HALVES[upper + lower] for upper, lower in zip(rows[at], rows[at + 1], strict=True))
        for at in range(0, len(rows), 2)
    ]


def binned(past: Sequence[Ended], moments: int, columns: int, a_minute: int) -> list[Ended]:
    """The last moments as columns, of as many moments each as it takes to show a minute.

    A moment stays with its neighbours: `moments` says how many there ever were, the last of `past` included.
    """
    each = max(1, -(-a_minute // max(1, columns)))
    bins: dict[int, Ended] = {}
    for number, ended in enumerate(past, start=moments - len(past)):
        bins[number // each] = bins.get(number // each, Ended()) + ended
    return [bins[number] for number in sorted(bins)[-columns:]] if columns > 0 else []


def chart(shares: Sequence[float | None], width: int, height: int) -> list[Text]:
    """Columns that stand for shares, the latest at the right, each in its colour."""
    shares = [*[None] * (width - len(shares)), *shares]
    rows = []
    for row in reversed(range(height)):
        line = Text()
        for share in shares:
            if share is None:
                line.append(_EMPTY if row == 0 else " ", "dim")
            else:
                # Nothing at all is seen too: as the lowest of all columns.
                filled = max(1, round(share * height * 8)) - row * 8
                line.append(_BLOCKS[min(8, max(0, filled))], style(share))
        rows.append(line)
    return rows


def ending(name: str, width: int) -> str:
    """A name as wide as this, with its end, which says most, if it is too long."""
    if cell_len(name) <= width:
        return set_cell_size(name, width)
    kept = name
    while kept and cell_len(kept) >= width:
        kept = kept[1:]
    return set_cell_size(f"…{kept}", width)
