"""A clock on which time passes when a test says so."""

from __future__ import annotations

import threading
import time
from bisect import insort
from collections.abc import Awaitable, Callable
from itertools import count
from sys import modules
from types import TracebackType
from typing import NamedTuple

from retold.errors import UsageError
from retold.runners.clocks import SYSTEM_CLOCK, in_trio
from retold.runners.scopes import Scope

_PATIENCE = 5.0
"""Seconds, of real time, that `settle` waits for."""

_ROUNDING = 1e-9
"""Seconds: ten times a tenth of a second are to reach the end of a second."""


class _Sleeper(NamedTuple):
    until: float
    place: int  # in the order in which they went to sleep
    wake: Callable[[], object]


class ManualClock:
    """A clock for `Policy(clock=...)` on which only waits, and `advance`, make time pass.

    In a `with` it is the clock of every policy that was not given one, for the calls that begin inside: in this thread
    or task and in the tasks that it starts.

    Unless it is to hold, a wait is over at once and moves the time by its seconds. For several tasks or threads at the
    same time let it hold: whoever waits is then asleep until `advance` reaches the end of the wait. They wake one after
    the other, in the order of these ends; a task runs until it awaits something before the next one wakes.

    Attributes:
        hold: Whether a wait that begins now lasts until `advance` ends it.
        waits: The seconds of every wait so far, in the order in which they began.
    """

    def __init__(self, *, hold: bool = False) -> None:
        self.hold = hold
        self.waits: list[float] = []
        self._now = 0.0
        self._scope: Scope | None = None
        self._sleepers: list[_Sleeper] = []
        self._places = count()
        self._lock = threading.Lock()

    def now(self) -> float:
        """Seconds since the clock was made."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Let time pass, and wake those whose waits are over.

        Raises:
            ValueError: Time goes forward only.
        """
        if not seconds >= 0:
            raise ValueError(f"time goes forward only: advance takes seconds of at least 0, not {seconds!r}")
        with self._lock:
            self._now += seconds
        self._rouse()

    def advance_to_next(self) -> float:
        """Let time pass until the wait that ends first is over; return the seconds that took.

        Raises:
            LookupError: Nobody is asleep.
        """
        with self._lock:
            before = self._now
            for sleeper in self._sleepers:
                if not self._is_over(sleeper):
                    self._now = sleeper.until
                    break
            else:
                raise LookupError("nobody is asleep on this clock")
        self._rouse()
        return self._now - before

    @property
    def sleepers(self) -> int:
        """How many threads and tasks are asleep on this clock, those not counted whose waits are over."""
        return sum(not self._is_over(sleeper) for sleeper in self._sleepers)

    def settle(self, sleepers: int = 1) -> None:
        """Wait until those whose waits are over are up, and at least so many threads are asleep on this clock.

        Raises:
            AssertionError: They are not after 5 seconds of real time.
        """
        until = time.monotonic() + _PATIENCE
        while not self._are_asleep(sleepers, until):
            time.sleep(0.0005)

    async def asettle(self, sleepers: int = 1) -> None:
        """The same for tasks, which it lets run."""
        until = time.monotonic() + _PATIENCE
        while not self._are_asleep(sleepers, until):
            await SYSTEM_CLOCK.asleep(0)

    def sleep(self, seconds: float, /) -> None:
        """Let the time of a wait pass at once or, if the clock holds, block the thread until it has passed."""
        self.waits.append(seconds)
        if not self.hold:
            self.advance(seconds)
        elif seconds > 0:
            woken = threading.Event()
            sleeper = self._lie_down(seconds, woken.set)
            try:
                woken.wait()
            finally:
                self._get_up(sleeper)

    async def asleep(self, seconds: float, /) -> None:
        """The same for tasks, of asyncio or trio."""
        if not self.hold:
            self.sleep(seconds)
            return
        self.waits.append(seconds)
        if seconds <= 0:
            await SYSTEM_CLOCK.asleep(0)
            return
        wake, wait = _trio_event() if in_trio() else _asyncio_event()
        sleeper = self._lie_down(seconds, wake)
        try:
            await wait()
        finally:
            self._get_up(sleeper)

    def __enter__(self) -> ManualClock:
        if self._scope is not None:
            raise UsageError("this clock is already that of all policies: use another")
        scope = Scope(clock=self)
        scope.enter()
        self._scope = scope
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._scope is not None:
            self._scope.leave()
            self._scope = None

    def _are_asleep(self, sleepers: int, until: float) -> bool:
        with self._lock:
            asleep, all_told = self.sleepers, len(self._sleepers)
        if asleep == all_told >= sleepers:
            return True
        if time.monotonic() < until:
            return False
        late = f", and {all_told - asleep} should have woken" if all_told > asleep else ""
        raise AssertionError(f"after {_PATIENCE:g} s {asleep} are asleep on this clock, not {sleepers}{late}")

    def _is_over(self, sleeper: _Sleeper) -> bool:
        return sleeper.until <= self._now + _ROUNDING

    def _lie_down(self, seconds: float, wake: Callable[[], object]) -> _Sleeper:
        with self._lock:
            sleeper = _Sleeper(self._now + seconds, next(self._places), wake)
            insort(self._sleepers, sleeper)
        return sleeper

    def _get_up(self, sleeper: _Sleeper) -> None:
        with self._lock:
            self._sleepers.remove(sleeper)
        self._rouse()

    def _rouse(self) -> None:
        # One, which rouses the next when it is awake: event loops do not keep the order of those woken together.
        with self._lock:
            due = [sleeper.wake for sleeper in self._sleepers[:1] if self._is_over(sleeper)]
        for wake in due:
            wake()


def _asyncio_event() -> tuple[Callable[[], object], Callable[[], Awaitable[object]]]:
    """What wakes this task, from any thread, and what it waits in."""
    import asyncio

    loop, event = asyncio.get_running_loop(), asyncio.Event()
    return lambda: loop.call_soon_threadsafe(event.set), event.wait


def _trio_event() -> tuple[Callable[[], object], Callable[[], Awaitable[object]]]:
    trio = modules["trio"]
    token, event = trio.lowlevel.current_trio_token(), trio.Event()
    return lambda: token.run_sync_soon(event.set), event.wait
