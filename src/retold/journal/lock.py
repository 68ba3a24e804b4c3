"""The lock of everything that is shared by the threads of a process and survives a fork."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any

_register: Any = getattr(os, "register_at_fork", lambda **_: None)


def at_fork(action: Callable[[], None]) -> None:
    """Have `action` run in every child that is forked from now on, where there are forks."""
    _register(after_in_child=action)


class Lock:
    """A lock that its holder may take again, and that a forked child finds free.

    The parent's may be held by a thread that the child does not have. For what lives as long as the process.
    """

    def __init__(self) -> None:
        self._renew()
        at_fork(self._renew)

    def _renew(self) -> None:
        self._lock = threading.RLock()

    def acquire(self, *, blocking: bool = True) -> bool:
        """Take it; False if that would mean to wait and `blocking` is false."""
        return self._lock.acquire(blocking)

    def release(self) -> None:
        """Let go of it once."""
        self._lock.release()

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()
