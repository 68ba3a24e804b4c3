"""Numbers and waiting: statements 1 to 10."""

import itertools
import math
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from types import FrameType
from typing import Any

import pytest

from retold import (
    Backoff,
    Constant,
    Decorrelated,
    Equal,
    Exponential,
    Fibonacci,
    Linear,
    Outcome,
    Policy,
    PolicyError,
)
from retold.testing import ManualClock, MemoryExporter
from tests.forms import Failing, Form
from tests.looping import Library, LoopClock
from tests.pitfalls.tasks import together

CAP = 7.0
LAST = (10_000, 10**6)
CAPPED: list[Any] = [
    Linear(0.1, cap=CAP),
    Linear(0.1, 1e308, cap=CAP),
    Exponential(0.1, cap=CAP),
    Exponential(CAP, 1e308, cap=CAP),
    Exponential(0.1, 1, cap=CAP),
    Equal(0.1, cap=CAP),
    Decorrelated(0.1, cap=CAP),
    Fibonacci(0.1, cap=CAP),
]
UNUSABLE: list[Any] = [-1, -0.1, math.nan, math.inf, -math.inf, True, False, "1", 10**400]


class Luck:
    """Chance that always gives the same number."""

    def __init__(self, number: float) -> None:
        self.number = number

    def random(self) -> float:
        return self.number


LEAST, GREATEST = Luck(0.0), Luck(math.nextafter(1, 0))


def lines_run(work: Callable[[], object]) -> int:
    """How many lines of code it runs."""
    count = 0

    def trace(frame: FrameType, event: str, argument: object) -> Any:
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize("backoff", [*CAPPED, Constant(CAP)], ids=repr)
@pytest.mark.parametrize("attempt", LAST)
def test_01_every_wait_is_finite_and_below_its_cap_in_the_same_time(backoff: Backoff, attempt: int) -> None:
    for luck in (LEAST, Luck(0.5), GREATEST):
        delay = backoff.delay(attempt, CAP, luck)
        assert type(delay) is float
        assert 0 <= delay <= CAP

    assert lines_run(lambda: backoff.delay(attempt, CAP, GREATEST)) < 20


def test_01_no_call_of_10_000_attempts_waits_longer(form: Form, clock: ManualClock) -> None:
    policy = Policy(on=OSError, attempts=10_000, backoff=Exponential(0.1, cap=CAP), clock=clock)

    with pytest.raises(OSError):
        form.perform(policy, Failing(OSError))

    assert len(clock.waits) == 9_999
    assert all(0 <= wait <= CAP for wait in clock.waits)


@pytest.mark.parametrize("backoff", [Exponential, Equal, Fibonacci, Linear, Decorrelated])
@pytest.mark.parametrize("zero", [0, 0.0])
def test_02_what_begins_with_nothing_waits_for_nothing(backoff: type[Any], zero: float) -> None:
    made = backoff(zero, cap=CAP)

    assert {made.delay(attempt, 0.0, GREATEST) for attempt in (1, 2, 3, 2000, *LAST)} == {0.0}


def test_02_in_every_form(form: Form, clock: ManualClock) -> None:
    with pytest.raises(OSError):
        form.perform(Policy(on=OSError, attempts=2000, backoff=Exponential(0), clock=clock), Failing(OSError))

    assert set(clock.waits) == {0.0}


@pytest.mark.parametrize("backoff", CAPPED, ids=repr)
def test_03_jitter_comes_before_the_cap(backoff: Backoff) -> None:
    longest = [backoff.delay(attempt, CAP, GREATEST) for attempt in range(1, 2000)]
    shortest = [backoff.delay(attempt, CAP, LEAST) for attempt in range(1, 2000)]

    assert max(longest) <= CAP
    assert all(low < high for low, high in zip(shortest, longest, strict=True))  # at the cap, too, they spread


def test_03_in_every_form(form: Form, clock: ManualClock) -> None:
    policy = Policy(on=OSError, attempts=100, backoff=Exponential(1, cap=CAP), clock=clock, rng=GREATEST)

    with pytest.raises(OSError):
        form.perform(policy, Failing(OSError))

    assert CAP - 1e-9 < max(clock.waits) <= CAP


@pytest.mark.parametrize("value", UNUSABLE, ids=lambda value: f"{value!r:.10}")
@pytest.mark.parametrize("option", ["timeout", "attempt_timeout", "hint_cap", "backoff"])
def test_04_what_is_no_duration_is_refused_by_a_policy(option: str, value: object) -> None:
    given: dict[str, Any] = {"hint": lambda failure: None, option: value}

    with pytest.raises(PolicyError, match=f"{option} must be .*, not "):
        Policy(on=OSError, **given)
    with pytest.raises(ValueError, match=f"{option} must be .*, not "):
        Policy(on=OSError).replace(**given)


@pytest.mark.parametrize("value", [*UNUSABLE, None], ids=lambda value: f"{value!r:.10}")
@pytest.mark.parametrize(
    ("backoff", "name"),
    [
        (Constant, "every"),
        (Linear, "initial"),
        (Linear, "step"),
        *itertools.product([Exponential, Equal, Decorrelated, Fibonacci], ["initial", "cap"]),
        *itertools.product([Exponential, Equal, Decorrelated], ["factor"]),
    ],
)
def test_04_and_by_every_backoff(backoff: type[Any], name: str, value: object) -> None:
    if (name, value) == ("step", None):  # as much as `initial`
        assert Linear(2.0, None) == Linear(2.0, 2.0)
        return
    with pytest.raises(ValueError, match=f"{name} must be .*, not "):
        backoff(**{name: value})


@pytest.mark.parametrize("answer", [-1, math.nan, math.inf, None, "soon", True, 10**400], ids=lambda it: f"{it!r:.10}")
def test_05_a_backoff_that_gives_no_duration_is_replaced_by_the_default(
    answer: Any, form: Form, clock: ManualClock, seen: MemoryExporter
) -> None:
    error = OSError()
    backoff: Any = lambda attempt: answer  # noqa: E731

    with pytest.raises(OSError) as raised:
        form.perform(Policy(on=OSError, backoff=backoff, clock=clock, rng=Luck(0.5)), Failing(error))

    assert raised.value is error
    assert clock.waits == [0.05, 0.1]
    assert [retry.ignored for retry in seen.retries] == ["backoff", "backoff"]


@pytest.mark.parametrize("answer", [-1, math.nan, math.inf, "soon", True, 10**400], ids=lambda it: f"{it!r:.10}")
def test_05_a_hint_that_is_no_duration_counts_as_none(
    answer: Any, form: Form, clock: ManualClock, seen: MemoryExporter
) -> None:
    error = OSError()
    hint: Any = lambda failure: answer  # noqa: E731

    with pytest.raises(OSError) as raised:
        form.perform(Policy(on=OSError, backoff=[2, 3], hint=hint, clock=clock), Failing(error))

    assert raised.value is error
    assert clock.waits == [2, 3]
    assert [(retry.ignored, retry.source.value) for retry in seen.retries] == [("hint", "backoff")] * 2


@pytest.mark.parametrize("delays", [[1, 2, 5], (1, 2.0, 5)], ids=["list", "tuple"])
def test_06_a_list_of_delays_is_used_from_the_first_on_and_its_last_repeats(
    delays: Any, form: Form, clock: ManualClock
) -> None:
    with pytest.raises(OSError):
        form.perform(Policy(on=OSError, attempts=6, backoff=delays, clock=clock), Failing(OSError))

    assert clock.waits == [1, 2, 5, 5, 5]


@pytest.mark.parametrize("attempts", [1, 2, 7])
def test_07_attempts_are_all_runs_the_first_included(attempts: int, form: Form, clock: ManualClock) -> None:
    work = Failing(OSError)

    with pytest.raises(OSError):
        form.perform(Policy(on=OSError, attempts=attempts, clock=clock), work)

    assert work.runs == attempts


@pytest.mark.parametrize("attempts", [0, -1, True, False, 2.0, "3"])
def test_07_what_is_no_number_of_attempts_is_refused(attempts: Any) -> None:
    with pytest.raises(PolicyError, match=f"attempts must be .*, not {attempts!r}"):
        Policy(on=OSError, attempts=attempts)


def test_08_interleaved_calls_of_threads_each_have_waits_of_their_own(sync_form: Form) -> None:
    clock = ManualClock(hold=True)
    policy = Policy(on=OSError, attempts=4, backoff=[1, 2, 3], clock=clock)
    starts: list[list[float]] = [[], []]

    def call(which: int) -> None:
        def work() -> None:
            starts[which].append(clock.now())
            raise OSError

        with pytest.raises(OSError):
            sync_form.perform(policy, work)

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(call, 0)
        clock.settle(1)
        clock.advance(0.5)
        second = pool.submit(call, 1)
        clock.settle(2)
        while not (first.done() and second.done()):
            clock.settle(0)
            if clock.sleepers:
                clock.advance_to_next()
        first.result()
        second.result()

    assert starts == [[0, 1, 3, 6], [0.5, 1.5, 3.5, 6.5]]


def test_08_interleaved_calls_of_tasks_each_have_waits_of_their_own(async_form: Form, library: Library) -> None:
    policy = Policy(on=OSError, attempts=4, backoff=[1, 2, 3], clock=LoopClock(library))
    starts: list[list[float]] = [[], []]

    async def call(which: int) -> None:
        async def work() -> None:
            starts[which].append(library.now())
            raise OSError

        await library.sleep(which / 2)
        with pytest.raises(OSError):
            await async_form.awaiting(policy, work)

    async def main() -> float:
        began = library.now()
        await together(library, lambda: call(0), lambda: call(1))
        return began

    began = library.run(main)
    assert [[pytest.approx(start - began) for start in each] for each in starts] == [
        [0, 1, 3, 6],
        [0.5, 1.5, 3.5, 6.5],
    ]


def generated() -> Iterator[float]:
    yield 1.0


@pytest.mark.parametrize("iterator", [iter([1, 2]), generated(), itertools.count(1)])
def test_09_an_iterator_as_backoff_is_refused(iterator: Any) -> None:
    with pytest.raises(PolicyError, match=r"backoff must not be an iterator, .*: pass a list"):
        Policy(on=OSError, backoff=iterator)


class Wandering:
    """A wall clock that is set a year forward and back in turn."""

    def __init__(self) -> None:
        self.years = itertools.cycle([0, 1, -1])

    def __call__(self) -> float:
        return time.monotonic() + 31_536_000 * next(self.years)


def wander(monkeypatch: pytest.MonkeyPatch) -> Policy[Any]:
    """A policy on the machine's own clock, while somebody sets the wall clock."""
    wall = Wandering()
    monkeypatch.setattr(time, "time", wall)
    monkeypatch.setattr(time, "time_ns", lambda: round(wall() * 1e9))
    return Policy(on=OSError, attempts=4, timeout=60, backoff=0.001)


def assert_untouched(seen: MemoryExporter) -> None:
    assert (seen.last.outcome, seen.last.attempts) == (Outcome.SUCCESS, 4)
    assert 0.003 <= seen.last.delay_total <= seen.last.duration < 60


def test_10_the_wall_clock_does_not_matter(
    sync_form: Form, seen: MemoryExporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync_form.perform(wander(monkeypatch), Failing(OSError, OSError, OSError, "value"))

    assert_untouched(seen)


async def test_10_nor_to_those_who_await(
    async_form: Form, seen: MemoryExporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing = Failing(OSError, OSError, OSError, "value")

    async def work() -> Any:
        return failing()

    await async_form.awaiting(wander(monkeypatch), work)

    assert_untouched(seen)
