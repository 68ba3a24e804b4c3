"""A view at work in an event loop: draws what there is to draw, and follows keys, until it is told to end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from typing import Any

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
        more: Mapping[str, Callable[[], None]] | None = None,
    ) -> None:
        self._terminal = terminal
        self._scene = scene
        self._actions = {"q": quit_, **(more or {})}
        self._controls = Controls()
        self._shown = scene()
        self._changed = asyncio.Event()

    async def run(self, *works: Coroutine[Any, Any, object]) -> None:
        """Draw while all of these works go on: until one of them ends, or this is cancelled.

        Raises:
            Exception: What a work raised.
        """
        tasks = [asyncio.create_task(work) for work in (self._draw(), *works)]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
        for task in tasks:
            if not task.cancelled():
                task.result()

    async def _draw(self) -> None:
        loop, keyboard = asyncio.get_running_loop(), self._terminal.keyboard
        if keyboard is not None:
            loop.add_reader(keyboard, self._follow)
        try:
            while True:
                if not self._controls.paused:
                    self._shown = self._scene()
                width, height = self._terminal.size
                self._terminal.show(frame(self._shown, self._controls, width, height))
                # Not by `wait_for`, which in Python 3.11 may swallow the cancellation that a key leads to.
                with suppress(TimeoutError):
                    async with asyncio.timeout(_INTERVAL):
                        await self._changed.wait()
                self._changed.clear()
        except OSError:
            self._actions["q"]()  # the terminal is gone, and whoever looked at it
        finally:
            if keyboard is not None:
                loop.remove_reader(keyboard)

    def _follow(self) -> None:
        for key in keys(self._terminal.pressed()):
            if key in self._actions:
                self._actions[key]()
            else:
                self._controls.press(key, self._shown.rows)
        self._changed.set()
