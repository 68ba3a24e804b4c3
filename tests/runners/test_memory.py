"""Nothing outlives its use: with the garbage collector off, reference counting frees all of it."""

import gc
import tracemalloc
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from retold import Abort, Policy
from retold.testing import ManualClock
from tests.forms import FUNCTIONS, Form


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


@pytest.fixture(autouse=True)
def _no_garbage_collector() -> Iterator[None]:
    gc.disable()
    yield
    gc.enable()


def swallow(form: Form, policy: Policy[Any], work: Callable[[], Any]) -> None:
    """Perform, and let go of what is raised."""
    try:
        form.perform(policy, work)
    except Exception:
        return


@pytest.mark.parametrize("attempts", [1, 3])
def test_frees_what_an_exhausted_call_left(attempts: int, form: Form, clock: ManualClock) -> None:
    work = Leaving(OSError)

    swallow(form, Policy(on=OSError, attempts=attempts, clock=clock), work)

    assert len(work.left) == attempts
    assert work.alive == 0


def test_frees_what_a_recovered_call_left(form: Form, clock: ManualClock) -> None:
    work = Leaving(OSError, failures=2)

    assert form.perform(Policy(on=OSError, clock=clock), work) == "value"

    assert len(work.left) == 3
    assert work.alive == 0


@pytest.mark.parametrize(
    "failure", [ValueError, Abort, lambda: Abort(ValueError())], ids=["not-retryable", "aborted", "aborted-with-error"]
)
def test_frees_what_a_call_that_ended_at_once_left(
    failure: Callable[[], BaseException], form: Form, clock: ManualClock
) -> None:
    work = Leaving(failure)

    swallow(form, Policy(on=OSError, clock=clock), work)

    assert len(work.left) == 1
    assert work.alive == 0


def test_frees_the_error_that_an_abort_took_from_the_failing_frame(form: Form, clock: ManualClock) -> None:
    failing = Leaving(ValueError)

    def work() -> None:
        try:
            failing()
        except ValueError as error:
            raise Abort(error) from None

    swallow(form, Policy(on=OSError, clock=clock), work)

    assert len(failing.left) == 1
    assert failing.alive == 0


def test_frees_what_a_call_with_a_bug_in_its_policy_left(form: Form, clock: ManualClock) -> None:
    work = Leaving(OSError)

    swallow(form, Policy(on=lambda error: 1 / 0, clock=clock), work)

    assert len(work.left) == 1
    assert work.alive == 0


def raising(error: Exception) -> None:
    raise KeyError


@pytest.mark.parametrize("fallback", [None, lambda error: "value", raising], ids=["none", "value", "raising"])
def test_frees_what_a_call_with_a_fallback_left(
    fallback: Callable[[Exception], Any], function_form: Form, clock: ManualClock
) -> None:
    work = Leaving(OSError)

    swallow(function_form, Policy(on=OSError, fallback=fallback, clock=clock), work)

    assert len(work.left) == 3
    assert work.alive == 0


@pytest.mark.parametrize("options", [{}, {"fallback": None}], ids=["raised", "fallback"])
def test_frees_rejected_results(options: dict[str, Any], function_form: Form, clock: ManualClock) -> None:
    work = Returning()

    swallow(function_form, Policy(on_result=lambda result: True, clock=clock, **options), work)

    assert len(work.left) == 3
    assert work.alive == 0


def test_keeps_no_failure_alive_while_it_waits(form: Form) -> None:
    clock = Watching()
    clock.work = work = Leaving(OSError)

    swallow(form, Policy(on=OSError, attempts=4, clock=clock), work)

    assert clock.seen == [0, 0, 0]


@pytest.mark.parametrize("form", FUNCTIONS, ids=str)
def test_keeps_no_rejected_result_alive_while_it_waits(form: Form) -> None:
    clock = Watching()
    clock.work = work = Returning()

    swallow(form, Policy(on_result=lambda result: True, attempts=3, clock=clock), work)

    assert clock.seen == [0, 0]


def test_memory_does_not_grow_with_attempts(form: Form, clock: ManualClock) -> None:
    peaks = []
    clock.waits = Forgetful()

    def fail() -> None:
        raise OSError

    for attempts in (100, 100, 10_000):
        tracemalloc.start()
        swallow(form, Policy(on=OSError, attempts=attempts, backoff=0, clock=clock), fail)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()

    reported = 8 * 10_000 if form.name in ("run", "arun") else 0  # the delays in the report
    assert peaks[2] < peaks[1] + 2 * reported + 20_000


class Forgetful(list[float]):
    """A list that remains empty."""

    def append(self, item: float, /) -> None:
        pass
