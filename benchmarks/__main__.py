"""The command line: `python -m benchmarks`."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from benchmarks import report
from benchmarks.contest import Row
from benchmarks.rows import BY_NAME, ROWS
from benchmarks.runs import Found, run


def main() -> int:
    """Measure, print and save what the arguments say; 1 if a row failed or counts were not exact."""
    options = _parser().parse_args()
    if options.list:
        for row in ROWS:
            print(f"{row.name:<24} {row.what}")
        return 0
    rows = [BY_NAME[name] for name in options.row] if options.row else list(ROWS)
    before = report.read(options.compare) if options.compare else {}
    found = _measured(rows, options, before)
    print("\n".join(report.summary(found)))
    if options.json:
        options.json.write_text(report.as_json(found, processes=options.processes, rounds=options.rounds))
    return int(any(each.wrong for _, each in found))


def _measured(rows: list[Row], options: argparse.Namespace, before: report.Before) -> list[tuple[Row, Found]]:
    began = time.monotonic()
    found: list[tuple[Row, Found]] = []
    for number, row in enumerate(rows, start=1):

        def say(text: str, place: str = f"{number}/{len(rows)}") -> None:
            print(f"[{time.monotonic() - began:4.0f} s] row {place}: {text}", file=sys.stderr, flush=True)

        each = run(
            row, processes=options.processes, rounds=options.rounds, with_peers=not options.without_peers, say=say
        )
        found.append((row, each))
        print("\n".join(report.lines(row, each, before)), flush=True)
    return found


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measure what Retold costs, as ratios to plain code and beside other libraries.",
        epilog="How to read the table: benchmarks/README.md",
    )
    parser.add_argument("--list", action="store_true", help="list the rows and measure nothing")
    parser.add_argument("--row", nargs="+", metavar="NAME", choices=list(BY_NAME), help="measure these rows only")
    parser.add_argument("--processes", type=_positive, default=3, metavar="N", help="fresh processes per row (3)")
    parser.add_argument("--rounds", type=_positive, default=50, metavar="N", help="rounds per process (50)")
    parser.add_argument("--without-peers", action="store_true", help="leave the other libraries out, but for units")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write what was found to a file")
    parser.add_argument("--compare", type=Path, metavar="FILE", help="print each ratio beside that of an earlier file")
    return parser


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"must be 1 or more, not {number}")
    return number


if __name__ == "__main__":
    sys.exit(main())
