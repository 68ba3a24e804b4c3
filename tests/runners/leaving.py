"""Work that can tell what of it is still alive."""

import sys
import tracemalloc
import weakref
from collections.abc import Callable
from typing import Any

from retold import Policy
from retold.testing import ManualClock
from tests.forms import Failing, Form


class Local:
    """What a frame of the user's holds."""


class Leaving:
    """Work that fails with an object in its frame, and remembers it weakly.

    Attributes:
        alive: How many of these objects there still are.
    """

    def __init__(self, failure: Callable[[], BaseException], failures: int = 10**6) -> None:
        self.failure = failure
        self.failures = failures
        self.left: list[weakref.ref[Local]] = []

    def __call__(self) -> str:
        local = Local()
        self.left.append(weakref.ref(local))
        if len(self.left) <= self.failures:
            raise self.failure()
        return "value"

    @property
    def alive(self) -> int:
        return sum(reference() is not None for reference in self.left)


class Watching(ManualClock):
    """A clock that looks, while a call waits, at what is still alive."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[int] = []
        self.work: Leaving | Returning | None = None

    def sleep(self, seconds: float, /) -> None:
        assert self.work is not None
        self.seen.append(self.work.alive)
        super().sleep(seconds)


class Returning:
    """Work that returns a new object every time, and remembers it weakly."""

    def __init__(self) -> None:
        self.left: list[weakref.ref[Local]] = []

    def __call__(self) -> Local:
        local = Local()
        self.left.append(weakref.ref(local))
        return local

    @property
    def alive(self) -> int:
        return sum(reference() is not None for reference in self.left)


def swallow(form: Form, policy: Policy[Any], work: Callable[[], Any]) -> None:
    """Perform, and let go of what is raised."""
    try:
        form.perform(policy, work)
    except Exception:
        return


class Forgetful(list[float]):
    """A list that remains empty, for the waits of a clock."""

    def append(self, item: float, /) -> None:
        pass


def growth(form: Form, clock: ManualClock, few: int, many: int) -> int:
    """How many bytes more a call holds at its peak that makes many attempts in place of few."""
    clock.waits = Forgetful()
    peaks = []
    tracer = sys.gettrace()
    sys.settrace(None)  # coverage has memory of its own, which would take most of the time to trace
    try:
        for attempts in (few, few, many):  # the first makes what is made once
            tracemalloc.start()
            swallow(form, Policy(on=OSError, attempts=attempts, backoff=0, clock=clock), Failing(OSError))
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
    finally:
        sys.settrace(tracer)
    return peaks[2] - peaks[1]
