"""A view at work in an event loop: draws what there is to draw, and follows keys, until it is told to end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from retold.cli.top.controls import Controls, keys
from retold.cli.top.draw import frame
from retold.cli.top.scene import Scene
from retold.cli.top.terminal import Terminal

_INTERVAL = 0.25
"""Seconds between two frames, if no key is pressed."""


class View:
    """What is on the terminal.

    Args:
        terminal: Entered.
        scene: Asked for each frame, unless the drawing is paused.
        quit_: Called when `q` is pressed.
        more: What further keys do.
    """

    def __init__(
        self,
        terminal: Terminal,
        scene: Callable[[], Scene],
        quit_: Callable[[], None],
        more: dict[str, Callable[[], None]] | None = None,
    ) -> None:
        self._terminal = terminal
        self._scene = scene
        self._actions = {"q": quit_, **(more or {})}
        self._controls = Controls()
        self._shown = scene()
        self._changed = asyncio.Event()

    async def run(self) -> None:
        """Draw until this is cancelled.

        Raises:
            OSError: The terminal is gone.
        """
        loop, keyboard = asyncio.get_running_loop(), self._terminal.keyboard
        if keyboard is not None:
            loop.add_reader(keyboard, self._follow, loop, keyboard)
        try:
            while True:
                if not self._controls.paused:
                    self._shown = self._scene()
                width, height = self._terminal.size
                self._terminal.show(frame(self._shown, self._controls, width, height))
                try:
                    await asyncio.wait_for(self._changed.wait(), _INTERVAL)
                except TimeoutError:
                    continue
                self._changed.clear()
        finally:
            if keyboard is not None:
                loop.remove_reader(keyboard)

    def _follow(self, loop: asyncio.AbstractEventLoop, keyboard: int) -> None:
        typed = self._terminal.pressed()
        if not typed:
            loop.remove_reader(keyboard)
        for key in keys(typed):
            if key in self._actions:
                self._actions[key]()
            else:
                self._controls.press(key, self._shown.rows)
        self._changed.set()
