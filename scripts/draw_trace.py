"""Draw one trace of a `retold demo` run as an SVG picture.

Usage: python scripts/draw_trace.py retold-demo/TIME/spans.jsonl docs/trace.svg

It takes the recovered call with the most attempts, the longest of them; `--trace ID` takes another.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from html import escape
from pathlib import Path
from typing import Any

WIDTH, LABELS, RIGHT, ROW, TOP = 960, 330, 24, 30, 64
COLOURS = {"call": "#4c78a8", "attempt": "#54a24b", "failed": "#e45756", "request": "#9d9d9d"}
FONT = "font-family='ui-sans-serif, system-ui, sans-serif'"


@dataclass
class Span:
    """A span of the file; times in seconds."""

    id: str
    parent: str | None
    name: str
    start: float
    end: float
    status: str
    attributes: dict[str, Any]
    children: list[Span] = field(default_factory=list["Span"])

    @property
    def kind(self) -> str:
        if "retold.attempt.count" in self.attributes:
            return "call"
        if "retold.attempt.number" in self.attributes:
            return "failed" if self.status == "ERROR" else "attempt"
        return "request"

    @property
    def remark(self) -> str:
        said = self.attributes.get
        match self.kind:
            case "call":
                return f"{said('retold.outcome')} after {said('retold.attempt.count')} attempts"
            case "failed":
                delay = said("retold.retry.delay")
                wait = "" if delay is None else f", then waits {delay:.2f} s ({said('retold.retry.delay_source')})"
                return f"{said('error.type')}{wait}"
            case "attempt":
                return str(said("retold.attempt.outcome"))
            case _:
                return str(said("http.response.status_code") or said("error.type") or "")


def read(path: Path) -> dict[str, list[Span]]:
    """The root spans of each trace, with everything below them.

    Raises:
        OSError: The file cannot be read.
        ValueError: A line of it is no span.
    """
    traces: dict[str, dict[str, Span]] = defaultdict(dict)
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        try:
            told = json.loads(line)
            span = Span(
                id=told["context"]["span_id"],
                parent=told["parent_id"],
                name=told["name"],
                start=datetime.fromisoformat(told["start_time"]).timestamp(),
                end=datetime.fromisoformat(told["end_time"]).timestamp(),
                status=told["status"]["status_code"],
                attributes=told["attributes"],
            )
            traces[told["context"]["trace_id"]][span.id] = span
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"{path}: line {number} is no span") from error
    roots: dict[str, list[Span]] = defaultdict(list)
    for trace, spans in traces.items():
        for span in sorted(spans.values(), key=lambda span: span.start):
            siblings = spans[span.parent].children if span.parent in spans else roots[trace]
            siblings.append(span)
    return roots


def most_telling(traces: dict[str, list[Span]]) -> str:
    """The recovered call with the most attempts, and of these the longest."""

    def worth(trace: str) -> tuple[bool, int, float]:
        call = traces[trace][0]
        recovered = call.attributes.get("retold.outcome") == "success"
        return recovered, call.attributes.get("retold.attempt.count", 0), call.end - call.start

    return max(traces, key=worth)


def rows(span: Span, depth: int = 0) -> Iterator[tuple[int, Span]]:
    """A span and everything below it, in order."""
    yield depth, span
    for child in span.children:
        yield from rows(child, depth + 1)


def draw(call: Span) -> str:
    """The picture: a row for each span, time from left to right."""
    lines = list(rows(call))
    height = TOP + ROW * len(lines) + 20
    scale = (WIDTH - LABELS - RIGHT) / max(call.end - call.start, 1e-9)
    parts = [
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {WIDTH} {height}' width='{WIDTH}' {FONT}"
        " font-size='13'>",
        f"<title>A call of {escape(call.name)} and its attempts</title>",
        f"<rect width='{WIDTH}' height='{height}' fill='#ffffff'/>",
        f"<text x='16' y='26' font-size='16' font-weight='600' fill='#222'>One call, each attempt a span:"
        f" {escape(call.name)}</text>",
    ]
    steps = (0.01, 0.1, 0.25, 0.5, 1, 2, 5, 60, 3600)
    step = next((step for step in steps if (call.end - call.start) / step <= 8), 86400)
    for tick in range(int((call.end - call.start) / step) + 1):
        x = LABELS + tick * step * scale
        parts.append(f"<line x1='{x:.1f}' x2='{x:.1f}' y1='{TOP - 8}' y2='{height - 12}' stroke='#e6e6e6'/>")
        parts.append(f"<text x='{x:.1f}' y='{TOP - 14}' fill='#777' text-anchor='middle'>{tick * step:g} s</text>")
    for index, (depth, span) in enumerate(lines):
        y = TOP + ROW * index
        x = LABELS + (span.start - call.start) * scale
        width = max((span.end - span.start) * scale, 2.0)
        colour = COLOURS[span.kind]
        parts.append(f"<text x='{16 + 18 * depth}' y='{y + 17}' fill='#222'>{escape(span.name)}</text>")
        parts.append(
            f"<rect x='{x:.1f}' y='{y + 5}' width='{width:.1f}' height='16' rx='2' fill='{colour}' fill-opacity='.85'/>"
        )
        parts.append(_remark(span.remark, x, width, y + 17))
    return "\n".join([*parts, "</svg>", ""])


def _remark(text: str, x: float, width: float, y: float) -> str:
    """The text to the right of its bar, or to the left or inside where the right has no room."""
    length = 6.6 * len(text)
    if x + width + 8 + length <= WIDTH:
        return f"<text x='{x + width + 8:.1f}' y='{y}' fill='#444'>{escape(text)}</text>"
    if length + 8 <= width:
        return f"<text x='{x + 8:.1f}' y='{y}' fill='#fff'>{escape(text)}</text>"
    return f"<text x='{x - 8:.1f}' y='{y}' fill='#444' text-anchor='end'>{escape(text)}</text>"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("spans", type=Path, help="the spans.jsonl of a run")
    parser.add_argument("picture", type=Path, help="the SVG file to write")
    parser.add_argument("--trace", help="the trace to draw, as 0x and 32 hexadecimal digits")
    options = parser.parse_args()
    try:
        traces = read(options.spans)
        if not traces:
            raise ValueError(f"{options.spans} holds no span")
        trace = options.trace or most_telling(traces)
        if trace not in traces:
            raise ValueError(f"{options.spans} holds no trace {trace}")
        options.picture.write_text(draw(traces[trace][0]), encoding="utf-8")
    except (OSError, ValueError) as error:
        parser.exit(2, f"{error}\n")
    print(f"drew {trace} of {options.spans} as {options.picture}")


if __name__ == "__main__":
    main()
