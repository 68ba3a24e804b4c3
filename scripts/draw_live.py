"""Draw the live view of a `retold demo` run as an SVG picture. Needs tmux, on whose terminal the run is seen.

Usage: python scripts/draw_live.py docs/images/live.svg

An incident is switched on by its key. Of what is seen until it is an outage, the picture shows the moment at which
effective success is high and farthest above actual success.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from html import escape
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rich.console import Console
from rich.style import Style
from rich.terminal_theme import DIMMED_MONOKAI as THEME
from rich.text import Text

COLUMNS, LINES = 100, 27
CELL, LINE, FONT_SIZE, EDGE = 9.0, 20.0, 14.5, 14.0
FONT = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"
SHARES = re.compile(r"▸ [a-z]\S*(?: operations)? +\S+ +([\d.]+)% +([\d.]+)%")
BLOCKS = {"█": (0.0, 1.0), "▀": (0.0, 0.5), "▄": (0.5, 0.5)} | {
    each: (1 - eighths / 8, eighths / 8) for eighths, each in enumerate("▁▂▃▄▅▆▇", start=1)
}
"""Characters that are areas: where in the cell they begin, and how high they are."""


def seen(options: list[str], before: float, incident: float) -> str:
    """The screen of a real run at its most telling moment, with the escapes of its colours."""
    with TemporaryDirectory(prefix="live-") as folder:

        def tmux(*arguments: str) -> str:
            command = ["tmux", "-u", "-S", "terminal", "-f", "/dev/null", *arguments]
            return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout

        demo = [sys.executable, "-m", "retold", "demo", "--output=run", *options]
        tmux("new-session", "-d", "-x", str(COLUMNS), "-y", str(LINES), *demo)
        try:
            time.sleep(before)
            tmux("send-keys", "i")
            end = time.monotonic() + incident
            screens = []
            while time.monotonic() < end:
                time.sleep(0.5)
                screens.append(tmux("capture-pane", "-p", "-e", "-N"))
        finally:
            tmux("send-keys", "q")
            with suppress(subprocess.CalledProcessError):
                # It ends in order, and its terminal with it.
                while tmux("has-session") == "":
                    time.sleep(0.1)
    return max(screens, key=_told)


def _told(screen: str) -> float:
    shares = SHARES.search(Text.from_ansi(screen).plain)
    return 3 * float(shares[1]) - float(shares[2]) if shares else -100.0


def picture(screen: str) -> str:
    """A screen as SVG: areas as rectangles, whatever fonts there are, and every word at its own place."""
    width, height = COLUMNS * CELL + 2 * EDGE, LINES * LINE + 2 * EDGE
    shapes = "\n".join(shape for line, row in enumerate(_cells(screen)) for shape in _shapes(row, EDGE + line * LINE))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" font-family="{FONT}"'
        f' font-size="{FONT_SIZE}">\n<title>retold demo, live</title>\n'
        f'<rect width="{width:g}" height="{height:g}" rx="8" fill="{THEME.background_color.hex}"/>\n{shapes}\n</svg>\n'
    )


def _cells(screen: str) -> Iterator[list[tuple[str, Style]]]:
    console = Console(width=COLUMNS, color_system="truecolor", force_terminal=True)
    for line in Text.from_ansi(screen).split("\n")[:LINES]:
        yield [(each, part.style or Style()) for part in line.render(console, "") for each in part.text]


def _shapes(row: list[tuple[str, Style]], top: float) -> Iterator[str]:
    cells = [(column, each, style) for column, (each, style) in enumerate(row)]
    for colour, run in groupby(cells, key=lambda cell: cell[2].bgcolor):
        place = [column for column, *_ in run]
        if colour is not None and not colour.is_default:
            yield _area(place[0], len(place), top, 0, 1, colour.get_truecolor(THEME).hex)
    for (each, style), run in groupby(cells, key=lambda cell: (cell[1] if cell[1] in BLOCKS else "", cell[2])):
        of_run = list(run)
        if each:
            yield _area(of_run[0][0], len(of_run), top, *BLOCKS[each], _colour(style))
            continue
        text = "".join(each for _, each, _ in of_run)
        for word in re.finditer(r"\S+", text):
            x = EDGE + (of_run[0][0] + word.start()) * CELL
            more = ' font-weight="600"' if style.bold else ""
            more += ' text-decoration="underline"' if style.underline else ""
            yield (
                f'<text x="{x:g}" y="{top + 0.72 * LINE:g}" textLength="{len(word[0]) * CELL:g}"'
                f' fill="{_colour(style)}"{more}>{escape(word[0])}</text>'
            )


def _area(column: int, columns: int, top: float, begins: float, height: float, colour: str) -> str:
    place: dict[str, Any] = {
        "x": EDGE + column * CELL,
        "y": top + begins * LINE,
        "width": columns * CELL,
        "height": height * LINE,
    }
    told = " ".join(f'{name}="{value:g}"' for name, value in place.items())
    return f'<rect {told} fill="{colour}" shape-rendering="crispEdges"/>'


def _colour(style: Style) -> str:
    colour = THEME.foreground_color if style.color is None else style.color.get_truecolor(THEME)
    if style.dim:
        ground = THEME.background_color
        mixed = (round(0.55 * one + 0.45 * other) for one, other in zip(colour, ground, strict=True))
        return "#" + "".join(f"{part:02x}" for part in mixed)
    return str(colour.hex)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("picture", type=Path)
    parser.add_argument("--before", type=float, default=58.0, help="seconds before the incident")
    parser.add_argument("--incident", type=float, default=14.0, help="seconds of it that are watched")
    chosen, options = parser.parse_known_args()
    options = options or ["--failure-rate=0.02", "--rate=40", "--seed=7"]
    chosen.picture.write_text(picture(seen(options, chosen.before, chosen.incident)), encoding="utf-8")


if __name__ == "__main__":
    main()
