"""The demo on a terminal: the view of `retold top`, fed by an exporter, with a key that brings trouble."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from retold.cli.demo.incident import ByHand, Phase
from retold.cli.demo.options import Options
from retold.cli.demo.witness import Witness
from retold.cli.top.history import History
from retold.cli.top.scene import Happening, Mood, Scene
from retold.cli.top.terminal import Terminal
from retold.cli.top.view import View

_EVERY = 1.0
_TROUBLE = {Phase.DEGRADING, Phase.OUTAGE, Phase.STORM}


class Live:
    """What a run looks like while it lasts.

    Args:
        options: Of the run.
        operations: All that it calls.
        stop: Set by `q`.

    Attributes:
        witness: To be told of the calls.
        metrics_url: Where the run serves `/metrics`, if it does.
    """

    def __init__(self, options: Options, operations: list[str], stop: asyncio.Event) -> None:
        self.witness = Witness(operations)
        self.metrics_url = ""
        self._options = options
        self._stop = stop
        self._history = History()
        self._began = time.monotonic()
        self._by_hand: ByHand | None = None
        self._take()

    async def show(self, trouble: Callable[[bool], None], check: Callable[[], None]) -> None:
        """Show it until this is cancelled.

        Args:
            trouble: Begins an incident, or ends it.
            check: Raises if the run cannot go on.
        """
        self._began = time.monotonic()
        with Terminal() as terminal:
            view = View(terminal, self._scene, self._stop.set, {"i": lambda: self._toggle(trouble)})
            await view.run(self._watch(check))

    def alert(self, line: str) -> None:
        """An alert has fired, or is over; other threads may call this."""
        mood = Mood.GOOD if line.startswith("RESOLVED") else Mood.BAD
        self._tell("prometheus", line, mood)

    async def _watch(self, check: Callable[[], None]) -> None:
        while True:
            await asyncio.sleep(_EVERY)
            check()
            self._take()

    def _take(self) -> None:
        self._history.take({"": self.witness.reading()}, time.monotonic(), time.time())
        rows = self._history.rows
        self._rows, self._everything = rows, self._history.everything(rows)

    def _toggle(self, trouble: Callable[[bool], None]) -> None:
        self._by_hand = ByHand(time.monotonic()) if self._by_hand is None else None
        trouble(self._by_hand is not None)
        what = "an incident begins" if self._by_hand else "the incident is over"
        self._tell("worlds", what, Mood.BAD if self._by_hand else Mood.GOOD)

    def _tell(self, subject: str, what: str, mood: Mood) -> None:
        self.witness.tell(Happening(time.time(), subject, what, mood))

    def _scene(self) -> Scene:
        elapsed, options = time.monotonic() - self._began, self._options
        phase = self._phase(elapsed)
        left = "" if options.duration is None else f" of {options.duration:g}"
        wait = self.witness.longest_wait()
        return Scene(
            title="retold demo",
            target=f"{self.metrics_url}  {options.rate:g} calls/s".strip(),
            time=time.time(),
            state=f"{phase + '  ' if phase else ''}{elapsed:.0f}{left} s",
            mood=Mood.BAD if phase in _TROUBLE else Mood.PLAIN,
            everything=self._everything,
            rows=self._rows,
            every=_EVERY,
            moments=self._history.moments,
            happenings=self.witness.retries(),
            said="" if wait is None else f"longest wait ends in {wait:.1f} s",
            keys=(("i", "incident off" if self._by_hand else "incident"),),
        )

    def _phase(self, elapsed: float) -> Phase | None:
        if self._by_hand is not None:
            return self._by_hand.phase(time.monotonic())
        return None if self._options.incident is None else self._options.incident.phase(elapsed)
