"""A scripted incident, played once under a real Prometheus and a real Alertmanager, an hour in a minute.

The demo plays it with the very command that users have, in the world of servers alone: its upstream is well, degrades
while retries hide it, is all but down, drowns in retries, and is well again.
"""

from __future__ import annotations

import re
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from threading import Thread

from retold.cli.demo.incident import Incident, Phase
from tests.cli.demo.running import Demo
from tests.live.truth import Truth
from tests.services.prometheus import PrometheusServer

TIME_SCALE = 60
RATE = 40
BEFORE, INCIDENT, AFTER = 25.0, 120.0, 40.0
_SEED = 7


@dataclass(frozen=True)
class Told:
    """One line of the receiver: what Alertmanager told at what Unix time."""

    time: float
    status: str
    name: str
    severity: str
    operation: str


@dataclass(frozen=True)
class Rehearsal:
    """The incident after it was played, with a Prometheus that still answers.

    Attributes:
        prometheus: To ask about any moment of it.
        truth: What the upstream wrote down.
        began: When the load began, in Unix time.
        told: What reached the receiver, in order.
    """

    prometheus: PrometheusServer
    truth: Truth
    began: float
    told: list[Told]

    def span(self, phase: Phase) -> tuple[float, float]:
        """When a phase began and ended, in Unix time, but for a moment at both ends."""
        third = INCIDENT / 3
        starts = [0.0, BEFORE, BEFORE + third, BEFORE + 2 * third, BEFORE + INCIDENT, BEFORE + INCIDENT + AFTER]
        start, end = list(pairwise(starts))[list(Phase).index(phase)]
        return self.began + start + 1, self.began + end

    def phase_of(self, moment: float) -> Phase:
        """The phase that holds a Unix time."""
        return Incident(BEFORE, INCIDENT).phase(moment - self.began)


@contextmanager
def played(folder: Path) -> Iterator[Rehearsal]:
    """Play the incident, which takes two and a half minutes."""
    length = BEFORE + INCIDENT + AFTER
    options = (
        *("--worlds=http", "--prometheus", f"--time-scale={TIME_SCALE}", "--requests", "--plain"),
        *(f"--rate={RATE}", "--failure-rate=0.02", f"--seed={_SEED}"),
        *(f"--incident-at={BEFORE}", f"--incident-for={INCIDENT}", f"--duration={length}", "--linger=600"),
    )
    with Demo(folder, *options, longest=length + 300) as demo:
        prometheus = PrometheusServer([])
        prometheus.url = demo.wait_for_line(r"prometheus: +(\S+)/graph")[1]
        told: list[Told] = []
        reading = Thread(target=_listen, args=(demo, told))
        reading.start()
        try:
            # The demo says when its load is over, and serves on.
            while not any("serving /metrics for another" in line for line in demo.lines):
                assert demo.process.poll() is None, demo.errors
                time.sleep(0.1)
            truth = Truth.written_in(folder / "requests.jsonl")
            began = min(call.times[0] for call in truth.calls)
            yield Rehearsal(prometheus, truth, began, told)
        finally:
            demo.process.send_signal(signal.SIGINT)
            reading.join()
        assert demo.errors == ""


def _listen(demo: Demo, told: list[Told]) -> None:
    assert demo.process.stdout
    for line in demo.process.stdout:
        demo.lines.append(line)
        found = re.match(r"(FIRING|RESOLVED) (\w+) (\w+) .*?retold_operation=(\S+)", line)
        if found:
            told.append(Told(time.time(), *found.groups()))
