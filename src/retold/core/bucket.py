"""A bucket of retries, which calls and time fill and retries empty. It reads no clock: it is handed one."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from threading import RLock
from typing import Final

_DIGITS: Final = 9
"""To how many of a retry it is exact: three calls that earn a third each have earned one, but not in floats."""

_SLACK: Final = 5e-10
"""What may be missing of a retry, to so many digits."""


class Bucket:
    """Retries that are left, exact under threads.

    Taking a number, which is all that a call does to earn, is one step of the interpreter: no call waits for another.
    What calls and time have earned since is worked out when somebody spends, or looks. That comes to the same as if
    it had been put in at once, for between two retries a bucket only fills.

    A signal handler may spend while its thread does. The interpreter lets one in where something is called, so nothing
    is between what is read of the bucket and what is written back.

    Attributes:
        earn: A call begins. Takes nothing; what it returns means nothing.
        capacity: The most that it holds; it begins full.
    """

    __slots__ = ("__weakref__", "_earning", "_level", "_lock", "_looks", "_now", "_since", "capacity", "earn")

    def __init__(self, ratio: float, per_second: float, capacity: float) -> None:
        self.earn: Callable[[], int] = count().__next__
        self.capacity = capacity
        self._earning = ratio, per_second
        self.restart()

    def restart(self) -> None:
        """Be full, as when it was made. For a forked child: its parent's lock may be held by a thread that it lacks."""
        self._lock = RLock()
        self._level = self.capacity
        self._looks = self.earn()  # one call more is nothing to a bucket that is full
        self._now: Callable[[], float] | None = None
        self._since = 0.0

    @property
    def available(self) -> float:
        """Retries that are left now. Waits for nobody: who reads metrics holds locks that a spender may need.

        The clock of an event loop, say, cannot be asked in other threads: there no time has passed since a retry.
        """
        now, instant = self._now, -math.inf
        if now is not None:
            with suppress(Exception):
                instant = now()
        if self._lock.acquire(blocking=False):
            try:
                if now is self._now:
                    self._fill(instant)
            finally:
                self._lock.release()
        return round(self._level, _DIGITS)

    def spend(self, now: Callable[[], float]) -> bool:
        """Take one retry out, if there is one.

        Args:
            now: The time. Policies with different clocks may share a bucket: only while it is asked with one clock,
                time earns.
        """
        instant = now()
        with self._lock:
            if now != self._now:
                self._fill(self._since)
                self._now, self._since = now, instant
            else:
                self._fill(instant)
            left = self._level - 1
            if left < -_SLACK:
                return False
            self._level = left if left > 0 else 0.0
            return True

    def _fill(self, instant: float) -> None:
        """Put in what has been earned until then."""
        number = self.earn()  # that of this look, which earns nothing
        calls, self._looks = number - self._looks, number + 1
        ratio, per_second = self._earning
        earned = calls * ratio
        # Threads may come here in another order than they looked at the clock.
        if instant > self._since:
            seconds, self._since = instant - self._since, instant
            earned += seconds * per_second
        level = self._level + earned
        self._level = level if level < self.capacity else self.capacity
