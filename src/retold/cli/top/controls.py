"""What keys do to the view: which operation is chosen, how rows are ordered, whether it stands still."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from retold.cli.top.scene import Key, Row

_KEY = re.compile(r"\x1b[\[O][0-9;]*[A-Za-z~]|.", re.DOTALL)
_NAMES = {"\x1b[A": "up", "\x1bOA": "up", "k": "up", "\x1b[B": "down", "\x1bOB": "down", "j": "down"}

ORDERS: dict[str, Callable[[Row], tuple[float, str]]] = {
    "name": lambda row: (0, row.operation),
    "calls": lambda row: (-row.flow.ended.calls, row.operation),
    "actual": lambda row: (_or(row.flow.ended.actual, 2), row.operation),
    "effective": lambda row: (_or(row.flow.ended.effective, 2), row.operation),
    "attempts a call": lambda row: (-_or(row.flow.amplification, 0), row.operation),
    "gave up": lambda row: (-sum(row.give_ups.values()), row.operation),
}
"""The orders of rows, worst first where there is a worst."""

KEYS = (
    Key("↑↓", "choose", "choose an operation, or all of them (k j)"),
    Key("s", "sort", "sort by name, calls, actual, effective, attempts a call, or give-ups"),
    Key("p", "pause", "pause the drawing; counting goes on"),
    Key("?", "help", "this help"),
    Key("q", "quit", "quit"),
)
"""The keys that every view has; the less a footer needs one, the sooner it comes."""


def keys(typed: str) -> list[str]:
    """What was pressed, arrows by name."""
    return [_NAMES.get(found[0], found[0]) for found in _KEY.finditer(typed)]


@dataclass(slots=True)
class Controls:
    """What has been chosen by keys so far; `chosen` None is all operations together."""

    chosen: str | None = None
    order: str = "name"
    paused: bool = False
    helping: bool = False

    def press(self, key: str, rows: Iterable[Row]) -> None:
        """Follow one key; what is none of ours is passed over."""
        match key:
            case "up":
                self._move(-1, rows)
            case "down":
                self._move(1, rows)
            case "s":
                orders = list(ORDERS)
                self.order = orders[(orders.index(self.order) + 1) % len(orders)]
            case "p":
                self.paused = not self.paused
            case "?" | "h":
                self.helping = not self.helping
            case _:
                self.helping = False

    def ordered(self, rows: Iterable[Row]) -> list[Row]:
        """The rows in the order that is chosen."""
        return sorted(rows, key=ORDERS[self.order])

    def _move(self, by: int, rows: Iterable[Row]) -> None:
        names = [None, *(row.operation for row in self.ordered(rows))]
        at = names.index(self.chosen) if self.chosen in names else 0
        self.chosen = names[min(max(at + by, 0), len(names) - 1)]


def _or(number: float | None, otherwise: float) -> float:
    return otherwise if number is None else number
