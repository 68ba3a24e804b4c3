"""What the demo shows people: a line for each second, and a table at the end."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from retold.cli.demo.incident import Phase
from retold.cli.demo.results import Results
from retold.cli.demo.tally import Count, Tally
from retold.cli.demo.traces import Traces
from retold.cli.top.shapes import style
from retold.cli.top.words import percent, times

_WIDE = 150
"""Columns for all tables as they are; what is no terminal has them."""
_NARROW = 80
"""Columns for tables whose titles take several lines. On a narrower screen lines go on in the next row: tables squeezed
into it would lose words.
"""


class _Console(Console):
    def on_broken_pipe(self) -> None:
        # The run must end in order, and not here by `SystemExit`.
        raise BrokenPipeError


class Screen:
    """Standard output, with colours and lines where they help.

    Args:
        plain: No colours and no lines.
    """

    def __init__(self, *, plain: bool) -> None:
        self._plain = plain
        self._console = _Console(color_system=None if plain else "auto", highlight=False, soft_wrap=True)
        self._is_narrow = self._console.is_terminal and self._console.width < _WIDE
        self._console.width = max(self._console.width, _NARROW if self._is_narrow else _WIDE)
        self._lock = threading.Lock()
        self._kept: list[Text] | None = None

    @contextmanager
    def held_back(self) -> Iterator[None]:
        """A context in which something else is on the terminal: lines are kept, and printed afterwards."""
        with self._lock:
            self._kept = []
        try:
            yield
        finally:
            with self._lock:
                kept, self._kept = self._kept or [], None
            for line in kept:
                self._console.print(line)

    def say(self, text: str) -> None:
        """Print one line."""
        self._print(Text(text))

    def alert(self, line: str) -> None:
        """Print one line of an alert; other threads may call this."""
        self._print(Text(line, style="green" if line.startswith("RESOLVED") else "red"))

    def second(self, elapsed: float, second: Count, tally: Tally, phase: str) -> None:
        """Print what happened in the last second."""
        line = Text(f"{elapsed:4.0f} s  {second.calls.total():4d} calls ended  ok: ")
        line.append(f"{_percent(second.effective):>6}", style=style(second.effective)).append(" of calls, ")
        line.append(f"{_percent(second.actual):>6}", style=style(second.actual)).append(" of attempts  ")
        line.append(f"{times(second.amplification):>5} attempts a call  {tally.waiting:3d} of {tally.active:3d} asleep")
        gave_up = sum(second.give_ups.values())
        if gave_up:
            line.append(f"  {gave_up} gave up", style="red")
        if phase:
            line.append(f"  [{phase}]", style="magenta")
        self._console.print(line)

    def results(self, results: Results, traces: Traces | None) -> None:
        """Print what came of the run."""
        self._operations(results)
        if len(results.tally.phases) > 1:
            self._phases(results.tally.phases)
        for verdict in results.verdicts.values():
            self.say(verdict.told)
        if results.held_back:
            self.say(f"{results.held_back} papers did not begin, for too many were under way")
        if traces is not None:
            lost = f", {traces.lost} could not be delivered" if traces.lost else ""
            self.say(f"{traces.delivered} spans in {traces.destination}{lost}")

    def _operations(self, results: Results) -> None:
        titles = ("operation", "calls", *_SHARES, "gave up", "fallbacks", "longest wait", "its world saw")
        narrow = self._is_narrow
        table = self._table(*(_IN_LINES.get(title, title) if narrow else title for title in titles), lined=not narrow)
        gave_up: Counter[str] = Counter()
        for operation, counts in results.tally.operations.items():
            gave_up.update(counts.give_ups)
            table.add_row(
                operation,
                str(counts.calls.total()),
                *_shares(counts),
                str(sum(counts.give_ups.values())) if narrow else _listed(counts.give_ups) or "0",
                str(counts.fallbacks),
                f"{counts.longest_wait:.2f} s",
                str(results.seen(operation)),
            )
        if narrow and not self._plain:
            self._console.print()  # as above a table with lines
        self._console.print(table)
        if narrow and gave_up:
            self.say(f"gave up: {_listed(gave_up)}")

    def _phases(self, phases: dict[Phase, Count]) -> None:
        table = self._table("calls begun", "calls", *_SHARES, "gave up")
        for phase, counts in phases.items():
            table.add_row(phase, str(counts.calls.total()), *_shares(counts), str(sum(counts.give_ups.values())))
        self._console.print(table)

    def _print(self, line: Text) -> None:
        with self._lock:
            if self._kept is not None:
                self._kept.append(line)
                return
        self._console.print(line)

    def _table(self, first: str, *others: str, lined: bool = True) -> Table:
        table = Table(box=SIMPLE_HEAD if lined and not self._plain else None, pad_edge=False)
        table.add_column(first, no_wrap=True)
        for other in others:
            table.add_column(other, justify="right")
        return table


_SHARES = ("calls ok", "attempts ok", "attempts a call")
_IN_LINES = {
    "calls ok": "calls\nok",
    "attempts ok": "attempts\nok",
    "attempts a call": "attempts\na call",
    "gave up": "gave\nup",
    "fallbacks": "fall-\nbacks",
    "longest wait": "longest\nwait",
    "its world saw": "its\nworld\nsaw",
}
"""Titles of the largest table where there is little room."""


def _shares(counts: Count) -> tuple[Text, Text, str]:
    return (
        Text(_percent(counts.effective), style(counts.effective)),
        Text(_percent(counts.actual), style(counts.actual)),
        times(counts.amplification),
    )


def _listed(outcomes: Mapping[str, int]) -> str:
    return ", ".join(f"{number} {outcome}" for outcome, number in outcomes.items())


def _percent(share: float | None) -> str:
    return f"{share:.1%}" if share in (0, 1) else percent(share)
