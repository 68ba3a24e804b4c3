"""What Ctrl-C and SIGTERM do to a command that runs for long: never a traceback, at no moment of it.

Until the command has begun they kill the process; while its libraries are loaded they end it; during the run they are a
wish to stop; and after it they are nothing: it ends anyway.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_NUMBERS = (signal.SIGINT, signal.SIGTERM)


def end_at_once() -> None:
    """From now on they end the process, with status 0. For when it has nothing to end or to write."""

    # Nothing is raised: imports run callbacks from which no exception comes out, and the signal would be lost.
    def end(*_: object) -> None:
        os._exit(0)

    for number in _NUMBERS:
        signal.signal(number, end)


def set_instead(stop: asyncio.Event) -> None:
    """From now on they set `stop`. To be called inside of its event loop."""
    loop = asyncio.get_running_loop()

    # The loop has handlers too, but takes them back when it closes, and then a signal would end the process.
    def wish(*_: object) -> None:
        with suppress(RuntimeError):  # the loop is closed: all has been stopped
            loop.call_soon_threadsafe(stop.set)

    for number in _NUMBERS:
        signal.signal(number, wish)


def ignore() -> None:
    """From now on they do nothing, and that holds for the interpreter's own end too."""
    for number in _NUMBERS:
        signal.signal(number, signal.SIG_IGN)


@contextmanager
def kept_from_children() -> Iterator[None]:
    """No SIGINT reaches the processes that are started inside, not even before they could say what it is to them."""
    # They inherit what is blocked. Whatever comes meanwhile is this process's, afterwards.
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
