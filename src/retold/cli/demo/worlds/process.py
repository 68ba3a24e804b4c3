"""What the processes of all worlds have in common: their options, their weather, and a life as long as their stdin.

Each is run as `python -m retold.cli.demo.worlds.NAME.MODULE`. It prints one line of JSON when it is ready, and lives
until its stdin, a pipe, ends or SIGTERM. The line `start` there starts the incident's clock; `incident on` and
`incident off` begin and end one more, at any time. However the process at the other end of the pipe ends, the system
closes it, so a world never outlives the demo.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import os
import signal
import stat
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from retold.cli.demo.incident import ByHand, Incident
from retold.cli.demo.worlds.counts import Counts


@dataclass(slots=True)
class Weather:
    """How often a world fails: usually at one rate, and at the incident's once its clock runs."""

    usual: float
    incident: Incident
    now: Callable[[], float] = time.monotonic
    began_at: float = math.inf
    by_hand: ByHand | None = None

    def hear(self, word: str) -> None:
        """Do what a line on stdin says."""
        match word:
            case "start":
                self.began_at = self.now()
            case "incident on":
                self.by_hand = ByHand(self.now())
            case "incident off":
                self.by_hand = None

    @property
    def failure_rate(self) -> float:
        """The share of what is asked at this moment that fails."""
        now = self.now()
        rate = self.incident.failure_rate(now - self.began_at, self.usual)
        return rate if self.by_hand is None else self.by_hand.failure_rate(now, rate)


class Parser(argparse.ArgumentParser):
    """The options that every world has."""

    def __init__(self, module: str) -> None:
        super().__init__(prog=f"python -m {module}")
        self.add_argument("--seed", type=int, required=True)
        self.add_argument("--failure-rate", type=share, required=True)
        self.add_argument("--counts", type=Path, required=True)
        self.add_argument("--incident-at", type=seconds, default=math.inf)
        self.add_argument("--incident-for", type=seconds, default=0.0)

    def parsed(self) -> argparse.Namespace:
        """The options, checked; ends the process where they make no sense."""
        # A terminal's Ctrl-C goes to every process on it; the parent ends this one when it is done.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        options = self.parse_args()
        if (options.incident_at < math.inf) != (options.incident_for > 0):
            self.error("--incident-at and a positive --incident-for need each other")
        # The loop cannot wait for a file's end, so the world would never end.
        if not (stat.S_ISFIFO(os.fstat(sys.stdin.fileno()).st_mode) or sys.stdin.isatty()):
            self.error("stdin must be a pipe or a terminal")
        options.weather = Weather(options.failure_rate, Incident(at=options.incident_at, lasts=options.incident_for))
        return options

    @contextmanager
    def failing_in_one_line(self) -> Iterator[None]:
        """End the process with one line and status 1 if the system fails inside."""
        try:
            yield
        except OSError as error:
            self.exit(1, f"{error}\n")


async def live(weather: Weather, counts: Counts, **ready: object) -> None:
    """Say that the world is ready, and return when stdin ends or at SIGTERM.

    Args:
        weather: Hears what is said on stdin.
        counts: Kept written meanwhile.
        ready: What the line says that is printed now.
    """
    counts.write()
    loop = asyncio.get_running_loop()
    words = asyncio.StreamReader()
    stdin, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(words), sys.stdin)
    # Closing stdin from this side ends the loop below just as its end does.
    loop.add_signal_handler(signal.SIGTERM, stdin.close)
    # Unbuffered: were the parent gone already, a buffered line would fail once more at the exit.
    with suppress(BrokenPipeError):
        os.write(sys.stdout.fileno(), f"{json.dumps(ready)}\n".encode())
    writing = asyncio.create_task(counts.keep_written())
    async for word in words:
        weather.hear(word.decode().strip())
    writing.cancel()


def share(text: str) -> float:
    if not 0 <= float(text) <= 1:
        raise ValueError
    return float(text)


def seconds(text: str) -> float:
    if not 0 <= float(text) < math.inf:
        raise ValueError
    return float(text)


def positive(text: str) -> float:
    if not 0 < float(text) < math.inf:
        raise ValueError
    return float(text)
