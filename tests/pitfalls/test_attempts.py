"""Numbers and waiting: statements 6 to 10, how often and by which clock."""

import itertools
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from retold import (
    Outcome,
    Policy,
    PolicyError,
)
from retold.testing import ManualClock, MemoryExporter
from tests.forms import Failing, Form
from tests.looping import Library, LoopClock
from tests.pitfalls.tasks import together


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
