"""A row of the table, and the contest that fills it in."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from importlib import import_module
from time import thread_time
from typing import Any

from benchmarks.measure import Sample
from benchmarks.peers import PEERS, Peer
from benchmarks.statements import Timer, timed, timed_async


class Skip(Exception):
    """A row cannot be measured here; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One question, answered by contenders that do the same thing.

    Attributes:
        name: How the row is selected.
        what: The question.
        unit: The contender whose cost is 1; empty where the answer is yes or no.
        goal: The highest ratio that Retold may have; None where the row only informs.
        enter: Sets up exporters and adds the contenders. It has a fresh process to itself.
        rounds: The most rounds, where one takes long.
        turns: How often a contender is measured in a round; the least counts.
        real_sleep: Whether `time.sleep` sleeps, and that time counts. Elsewhere it returns at once, for everybody.
        in_bytes: Whether bytes are measured, and not seconds.
    """

    name: str
    what: str
    unit: str
    goal: float | None
    enter: Callable[[Contest], None]
    rounds: int | None = None
    turns: int = 3
    real_sleep: bool = False
    in_bytes: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer to a question of yes or no."""

    right: bool
    detail: str


@dataclass(slots=True)
class Contest:
    """The contenders of one row, in the order of the report.

    Attributes:
        timer: What times statements; the processor time of this thread, which stands still while another runs.
    """

    with_peers: bool = True
    timer: Timer = thread_time
    samples: dict[str, Sample] = field(default_factory=dict)
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    _runner: asyncio.Runner | None = None

    def peers(self, *names: str) -> Iterator[Peer]:
        """Those of these peers that are installed, or all; none when they are not wanted."""
        for peer in _chosen(names) if self.with_peers else ():
            try:
                import_module(peer.module)
            except ImportError as error:
                self.notes.append(f"{peer.name} is left out: {error}")
            else:
                yield peer

    def need(self, name: str) -> Peer:
        """A peer that is the unit of the row, wanted or not.

        Raises:
            Skip: It is not installed.
        """
        peer = PEERS[name]
        try:
            import_module(peer.module)
        except ImportError as error:
            raise Skip(f"its unit is {name}: {error}") from error
        return peer

    def add(self, name: str, sample: Sample) -> None:
        """A contender that measures itself."""
        self.samples[name] = sample

    def time(self, name: str, statement: str, /, *, copies: int = 5, **names: Any) -> None:
        """A contender that is a statement over these names."""
        self.add(name, timed(statement, names, self.timer, copies=copies))

    def time_async(self, name: str, statement: str, /, **names: Any) -> None:
        """The same, awaiting."""
        self.add(name, timed_async(statement, names, self.timer, self.runner))

    def judge(self, name: str, right: bool, detail: str) -> None:
        """A contender that is right or wrong."""
        self.verdicts[name] = Verdict(right, detail)

    @property
    def runner(self) -> asyncio.Runner:
        """The one event loop of this contest."""
        if self._runner is None:
            self._runner = asyncio.Runner()
        return self._runner


def _chosen(names: Iterable[str]) -> Iterable[Peer]:
    return [PEERS[name] for name in names] or PEERS.values()
