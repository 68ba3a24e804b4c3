"""The demo as lines, one for each second, where there is no terminal."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence

from retold.cli.demo.incident import Incident
from retold.cli.demo.pool.listener import Listener
from retold.cli.demo.pool.pool import Pool
from retold.cli.demo.screen import Screen
from retold.cli.demo.tally import Tally
from retold.cli.demo.worlds.world import World


class Lines:
    """What a run looks like while it lasts, as `Live` is for a terminal.

    Args:
        screen: Prints them.
        tally: What they tell.
        incident: Whose phases they tell.

    Attributes:
        listeners: None: the tally is told of the calls.
    """

    def __init__(self, screen: Screen, tally: Tally, incident: Incident | None) -> None:
        self.listeners: list[Listener] = []
        self.alert = screen.alert
        self.event = screen.say
        self._screen = screen
        self._tally = tally
        self._incident = incident

    async def show(self, worlds: Sequence[World], pool: Pool | None, url: str, check: Callable[[], None]) -> None:
        """Print one each second until this is cancelled; `check` raises if the run cannot go on."""
        began = time.monotonic()
        while True:
            await asyncio.sleep(1.0)
            elapsed = time.monotonic() - began
            phase = "" if self._incident is None else self._incident.phase(elapsed).value
            check()
            self._screen.second(elapsed, self._tally.take_second(), self._tally, phase)
