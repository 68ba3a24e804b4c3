"""The terminal while a view is on it: another screen, no cursor, keys as they are pressed; then as it was before."""

from __future__ import annotations

import os
import signal
import sys
import termios
import tty
from collections.abc import Sequence
from contextlib import suppress
from types import FrameType
from typing import Any, Self

from rich.console import Console
from rich.text import Text

_ENTER = "\x1b[?1049h\x1b[?25l\x1b[2J"
_LEAVE = "\x1b[?25h\x1b[?1049l"
# A terminal that knows these shows the frame at once; others pass over them.
_BEGIN, _END = "\x1b[?2026h\x1b[H", "\x1b[0m\x1b[K\x1b[J\x1b[?2026l"


class Terminal:
    """A context in which the terminal belongs to the view.

    It is given back however the context is left, before SIGHUP or SIGQUIT (Ctrl-\\) ends the process, and while it is
    stopped by Ctrl-Z. Main thread only.

    Attributes:
        keyboard: The file descriptor that keys come from; None if standard input is no terminal.
    """

    def __init__(self) -> None:
        self.keyboard = sys.stdin.fileno() if sys.stdin is not None and sys.stdin.isatty() else None
        self._screen = sys.stdout.fileno()
        self._console = Console(force_terminal=True, legacy_windows=False)
        self._modes: list[Any] = []
        self._before: dict[int, signal._HANDLER] = {}

    @property
    def size(self) -> tuple[int, int]:
        """Columns and lines, now."""
        return os.get_terminal_size(self._screen)

    def show(self, lines: Sequence[Text]) -> None:
        """Replace all that is shown."""
        with self._console.capture() as captured:
            # Lines are as wide as they should be: nothing is wrapped.
            self._console.print(Text("\n").join(lines), end="", soft_wrap=True)
        self._write(_BEGIN + captured.get().replace("\n", "\x1b[0m\x1b[K\r\n") + _END)

    def pressed(self) -> str:
        """What has been typed; nothing if the terminal is gone."""
        assert self.keyboard is not None
        return os.read(self.keyboard, 1024).decode(errors="replace")

    def __enter__(self) -> Self:
        self._take()
        for number, handler in ((signal.SIGTSTP, self._stop), (signal.SIGHUP, self._end), (signal.SIGQUIT, self._end)):
            # What is ignored, as SIGHUP below nohup, stays so.
            if signal.getsignal(number) is not signal.SIG_IGN:
                self._before[number] = signal.signal(number, handler)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        # There is nothing to give back if it is gone.
        with suppress(OSError, termios.error):
            self._give_back()

    def _take(self) -> None:
        if self.keyboard is not None:
            self._modes = termios.tcgetattr(self.keyboard)
            # Keys come one by one and unseen; Ctrl-C and Ctrl-Z stay what they are.
            tty.setcbreak(self.keyboard, termios.TCSADRAIN)
        self._write(_ENTER)

    def _give_back(self) -> None:
        # First, so that the terminal is usable even if nobody reads what it is sent.
        if self.keyboard is not None:
            termios.tcsetattr(self.keyboard, termios.TCSANOW, self._modes)
        self._write(_LEAVE)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        """Ctrl-Z: give the terminal back, stand still until `fg`, and take it again."""
        self._give_back()
        signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        signal.raise_signal(signal.SIGTSTP)
        signal.signal(signal.SIGTSTP, self._stop)
        self._take()

    def _end(self, number: int, frame: FrameType | None) -> None:
        """Give the terminal back, if it is still there, and let the signal do what it would have done."""
        with suppress(OSError, termios.error):
            self._give_back()
        signal.signal(number, self._before[number])
        signal.raise_signal(number)

    def _write(self, text: str) -> None:
        # Not through `sys.stdout`, in the middle of which a signal may come.
        left = text.encode(errors="replace")
        while left:
            left = left[os.write(self._screen, left) :]
