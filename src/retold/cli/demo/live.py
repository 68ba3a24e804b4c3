"""The demo on a terminal: the view of `retold top`, fed by an exporter, with keys that bring trouble."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from functools import partial

from retold.cli.demo.incident import Phase
from retold.cli.demo.options import Options
from retold.cli.demo.pool.listener import Listener
from retold.cli.demo.pool.pool import Pool
from retold.cli.demo.screen import Screen
from retold.cli.demo.switches import Switches
from retold.cli.demo.witness import Witness
from retold.cli.demo.worlds.world import World
from retold.cli.top.history import History
from retold.cli.top.scene import Happening, Key, Mood, Scene
from retold.cli.top.terminal import Terminal
from retold.cli.top.view import View

_EVERY = 1.0
_MOODS = {None: Mood.PLAIN, Phase.DEGRADING: Mood.FAIR, Phase.STORM: Mood.BAD, Phase.OUTAGE: Mood.BAD}


class Live:
    """What a run looks like while it lasts.

    Args:
        options: Of the run.
        operations: All that it calls.
        screen: What else is said; it is kept until the view has ended.
        stop: Called by `q`.

    Attributes:
        listeners: To be told of the calls.
    """

    def __init__(self, options: Options, operations: list[str], screen: Screen, stop: Callable[[], None]) -> None:
        self._witness = Witness(operations)
        self.listeners: list[Listener] = [self._witness]
        self._options = options
        self._screen = screen
        self._stop = stop
        self._history = History()
        self._take()

    async def show(self, worlds: Sequence[World], pool: Pool | None, url: str, check: Callable[[], None]) -> None:
        """Show it until this is cancelled.

        Args:
            worlds: Each has a key that begins an incident in it, or ends it.
            pool: Has a key that kills a worker.
            url: Where the run serves `/metrics`, if it does.
            check: Raises if the run cannot go on.
        """
        names = [world.name for world in worlds]
        switches = Switches({world.name: world.trouble for world in worlds}, self._options.incident)
        turns: dict[str, Callable[[], None]] = {"i": partial(self._turn, switches)}
        turns |= {str(number): partial(self._turn, switches, name) for number, name in enumerate(names, start=1)}
        more = []
        if pool is not None:
            turns["x"] = pool.kill
            more = [Key("x", "kill", "a worker is killed; its papers go to others")]
        scene = partial(self._scene, names, switches, more, url, time.monotonic())
        with self._screen.held_back(), Terminal() as terminal:
            await View(terminal, scene, self._stop, turns).run(self._watch(check))

    def event(self, line: str) -> None:
        """Something has happened to a worker."""
        self._screen.say(line)
        self._tell("workers", line, Mood.BAD)

    def alert(self, line: str) -> None:
        """An alert has fired, or is over; other threads may call this."""
        self._screen.alert(line)
        self._tell("prometheus", line, Mood.GOOD if line.startswith("RESOLVED") else Mood.BAD)

    async def _watch(self, check: Callable[[], None]) -> None:
        while True:
            await asyncio.sleep(_EVERY)
            check()
            self._take()

    def _take(self) -> None:
        self._history.take({"": self._witness.reading()}, time.monotonic(), time.time())
        rows = self._history.rows
        self._rows, self._everything = rows, self._history.everything(rows)

    def _turn(self, switches: Switches, world: str | None = None) -> None:
        on = switches.turn_all() if world is None else switches.turn(world)
        what = "an incident begins" if on else "the incident is over"
        self._tell(world or "all worlds", what, Mood.BAD if on else Mood.GOOD)

    def _tell(self, subject: str, what: str, mood: Mood) -> None:
        self._witness.tell(Happening(time.time(), subject, what, mood, is_rare=True))

    def _scene(self, worlds: Sequence[str], switches: Switches, more: Sequence[Key], url: str, began: float) -> Scene:
        elapsed, options = time.monotonic() - began, self._options
        left = "" if options.duration is None else f" of {options.duration:g}"
        wait = self._witness.longest_wait()
        moods = {world: _MOODS[switches.trouble(world)] for world in worlds}
        keys = [Key(str(at), name, f"an incident in {name}", moods[name]) for at, name in enumerate(worlds, start=1)]
        return Scene(
            title="retold demo",
            target=f"{url}  {options.rate:g} calls/s".strip(),
            time=time.time(),
            state=f"{switches.told}  {elapsed:.0f}{left} s".strip(),
            mood=next((mood for mood in (Mood.BAD, Mood.FAIR) if mood in moods.values()), Mood.PLAIN),
            everything=self._everything,
            rows=self._rows,
            every=_EVERY,
            moments=self._history.moments,
            happenings=self._witness.happenings(),
            said="" if wait is None else f"longest wait ends in {wait:.1f} s",
            keys=(Key("i", "incident", "an incident in all worlds; once more, and it is over"), *keys, *more),
        )
