"""Draws how long backoffs wait, and how they spread a crowd, as two SVG pictures.

.venv/bin/python -m scripts.draw_backoffs            draw both
.venv/bin/python -m scripts.draw_backoffs --check    fail if either is not what would be drawn

Chance is seeded: the pictures change where a backoff does, and nowhere else.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from html import escape
from random import Random

from retold import Backoff, Constant, Decorrelated, Equal, Exponential, Fibonacci, Linear
from retold.core.backoff import as_backoff
from scripts.written import ROOT, options, write

IMAGES = ROOT / "docs" / "images"

BACKOFFS: dict[str, Backoff] = {
    "Constant(2)": Constant(2),
    "Linear(1)": Linear(1),
    "Fibonacci(0.5)": Fibonacci(0.5),
    "Exponential(0.5)": Exponential(0.5),
    "Equal(0.5)": Equal(0.5),
    "Decorrelated(0.5)": Decorrelated(0.5),
}
CROWDS: dict[str, Backoff] = {
    "[1, 2, 4, 8]: no jitter": as_backoff([1, 2, 4, 8]),
    "Equal(1)": Equal(1),
    "Exponential(1)": Exponential(1),
    "Decorrelated(1)": Decorrelated(1),
}

CALLS = 2000
RETRIES = 9
HIGHEST = 10.0  # seconds: the cap of all
UNTIL = 25.0  # seconds that the picture of a crowd shows
SLICE = 0.25

WIDTH = 960
BAND, MIDDLE, MEDIAN, GRID, WORDS, FAINT = "#c6d7ea", "#4c78a8", "#12355b", "#e6e6e6", "#222", "#777"
FONT = "font-family='ui-sans-serif, system-ui, sans-serif'"


def delays(backoff: Backoff) -> list[list[float]]:
    """For each retry, its delays in many calls, in ascending order."""
    rng = Random(7)
    columns: list[list[float]] = [[] for _ in range(RETRIES)]
    for _ in range(CALLS):
        previous = 0.0
        for number, column in enumerate(columns, 1):
            previous = backoff.delay(number, previous, rng)
            column.append(previous)
    return [sorted(column) for column in columns]


def returns(backoff: Backoff) -> list[int]:
    """How many calls that failed together come back in each slice of time, if they fail again and again."""
    rng = Random(7)
    counts = [0] * round(UNTIL / SLICE)
    for _ in range(CALLS):
        now = previous = 0.0
        for number in range(1, 1000):
            previous = backoff.delay(number, previous, rng)
            now += previous
            if now >= UNTIL:
                break
            counts[int(now / SLICE)] += 1
    return counts


def draw_delays() -> str:
    """A panel for each backoff, a bar for each retry."""
    across, panel, height = 3, 306, 190
    total = 64 + height * (len(BACKOFFS) // across)
    parts = [*_begin(total, "How long each retry waits", "the range of 2,000 calls, the middle half, and the median")]
    for index, (name, backoff) in enumerate(BACKOFFS.items()):
        left, top = 44 + panel * (index % across), 72 + height * (index // across)
        parts += _panel(name, delays(backoff), left, top, panel - 44, height - 62)
    return "\n".join([*parts, "</svg>", ""])


def draw_crowds() -> str:
    """A row for each backoff: how many come back when."""
    height, left, top = 92, 200, 64
    parts = [
        *_begin(
            top + height * len(CROWDS) + 36,
            "2,000 calls fail at the same moment, and again whenever they come back",
            "how many come back in each quarter of a second; all rows have the same scale",
        )
    ]
    wide = WIDTH - left - 24
    bottom = top + height * len(CROWDS)
    for second in range(0, int(UNTIL) + 1, 5):
        x = left + wide * second / UNTIL
        parts.append(f"<line x1='{x:.1f}' x2='{x:.1f}' y1='{top}' y2='{bottom}' stroke='{GRID}'/>")
        parts.append(_text(x, bottom + 18, f"{second} s", FAINT, "middle"))
    peak = max(max(returns(backoff)) for backoff in CROWDS.values())
    for index, (name, backoff) in enumerate(CROWDS.items()):
        counts = returns(backoff)
        base = top + height * (index + 1) - 8
        step = wide / len(counts)
        steps = "".join(f"V{base - (height - 24) * count / peak:.1f}h{step:.2f}" for count in counts)
        parts.append(f"<path d='M{left} {base}{steps}V{base}Z' fill='{MIDDLE}'/>")
        parts.append(_text(16, base - 22, name, WORDS))
        parts.append(_text(16, base - 4, f"{max(counts):,} at once", FAINT))
    return "\n".join([*parts, "</svg>", ""])


def _begin(height: int, title: str, remark: str) -> Iterator[str]:
    yield (
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {WIDTH} {height}' width='{WIDTH}' {FONT} font-size='13'>"
    )
    yield f"<title>{escape(title)}</title>"
    yield f"<rect width='{WIDTH}' height='{height}' fill='#ffffff'/>"
    yield f"<text x='16' y='26' font-size='16' font-weight='600' fill='{WORDS}'>{escape(title)}</text>"
    yield _text(16, 46, remark, FAINT)


def _panel(
    name: str, columns: Sequence[Sequence[float]], left: float, top: float, wide: float, high: float
) -> Iterator[str]:
    yield _text(left, top + 6, name, WORDS)
    top += 16
    for seconds in (0, 5, 10):
        y = top + high * (1 - seconds / HIGHEST)
        yield f"<line x1='{left}' x2='{left + wide}' y1='{y:.1f}' y2='{y:.1f}' stroke='{GRID}'/>"
        yield _text(left - 6, y + 4, f"{seconds} s", FAINT, "end")
    each = wide / len(columns)
    for index, column in enumerate(columns):
        x = left + each * index + 3
        for low, above, colour in ((0.0, 1.0, BAND), (0.25, 0.75, MIDDLE)):
            yield _bar(x, each - 6, _share(column, low), _share(column, above), top, high, colour)
        middle = _share(column, 0.5)
        yield _bar(x, each - 6, middle, middle, top, high, MEDIAN)
        yield _text(x + each / 2 - 3, top + high + 16, str(index + 1), FAINT, "middle")


def _share(column: Sequence[float], share: float) -> float:
    """The delay that this share of the calls stays below."""
    return column[round(share * (len(column) - 1))]


def _bar(x: float, wide: float, low: float, above: float, top: float, high: float, colour: str) -> str:
    y = top + high * (1 - above / HIGHEST)
    tall = max(high * (above - low) / HIGHEST, 2.0)  # else nobody would see a delay without jitter
    return f"<rect x='{x:.1f}' y='{y - 1:.1f}' width='{wide:.1f}' height='{tall:.1f}' fill='{colour}'/>"


def _text(x: float, y: float, text: str, colour: str, anchor: str = "start") -> str:
    return f"<text x='{x:.1f}' y='{y:.1f}' fill='{colour}' text-anchor='{anchor}'>{escape(text)}</text>"


def main() -> int:
    """Draw both, or say which differ."""
    check = options("Draw how long backoffs wait.").parse_args().check
    pictures = {IMAGES / "backoffs.svg": draw_delays(), IMAGES / "crowds.svg": draw_crowds()}
    return write(pictures, "scripts.draw_backoffs", check=check)


if __name__ == "__main__":
    sys.exit(main())
