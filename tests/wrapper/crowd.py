"""Many threads that call one function while exporters come and go and the registry is collected."""

from __future__ import annotations

import itertools
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from prometheus_client import CollectorRegistry

import retold
from retold import Exporter, Policy
from retold.exporters.prometheus import Prometheus
from retold.testing import ManualClock
from tests.readings import Numbers, scraped_from, sum_of

OPERATION = "shop.fetch"
THREADS = 16


def together(threads: int, work: Callable[[int], object], meanwhile: Callable[[], object]) -> None:
    """Run work in threads at the same time, and something else over and over until they are done."""
    begin, done = threading.Barrier(threads + 1), threading.Event()

    def run(number: int) -> None:
        begin.wait()
        work(number)

    def repeat() -> None:
        begin.wait()
        while not done.is_set():
            meanwhile()

    with ThreadPoolExecutor(threads + 1) as pool:
        other = pool.submit(repeat)
        try:
            list(pool.map(run, range(threads)))
        finally:
            done.set()
        other.result()


@contextmanager
def hurried() -> Iterator[None]:
    """Threads take turns fifty times as often."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-4)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


class Failing:
    """A function that fails once, at every hundredth call of each thread; the odd ones a second time."""

    def __init__(self) -> None:
        self._own = threading.local()

    def __call__(self) -> None:
        turns = vars(self._own).setdefault("turns", self._turns())
        if next(turns):
            raise OSError

    def _turns(self) -> Any:
        for number in itertools.count():
            fails = 0 if number % 100 else 1 + number // 100 % 2
            yield from (True,) * fails
            yield False


class Listener(Exporter):
    """Hears of every call: wrappers that only counted tell."""


class Deaf(Exporter):
    """Hears of failures only: wrappers go on counting, in code that is made anew."""

    hears_success = False


def count_exactly(each: int) -> Numbers:
    """Have every thread call so often with metrics on, half as often with metrics off, and as often with them on again.

    Between the barriers in which they meet, other exporters come and go and the registry is collected all the time.

    Args:
        each: How often, a multiple of 200.

    Returns:
        The numbers, in which every call must be once that was made with metrics on.
    """
    registry, failing = CollectorRegistry(), Failing()

    @Policy(on=OSError, attempts=3, backoff=0, operation=OPERATION, clock=ManualClock())
    def fetch() -> None:
        failing()

    def part(calls: int, always: list[Exporter]) -> Numbers:
        listener, deaf = Listener(), Deaf()
        choices = itertools.cycle([[*always, deaf], [*always, listener], always])

        def call(number: int) -> None:
            for _ in range(calls):
                fetch()

        def meanwhile() -> None:
            retold.configure(exporters=next(choices))
            assert_never_out_of_joint(scraped_from(registry))

        retold.configure(exporters=always)
        together(THREADS, call, meanwhile)
        return scraped_from(registry)

    metrics: list[Exporter] = [Prometheus(registry)]
    with retold.configure(exporters=[]), hurried():
        before = part(each, metrics)
        assert part(each // 2, []) == before
        numbers = part(each, metrics)
    assert_lawful(numbers)
    calls, failed = 2 * THREADS * each, 2 * THREADS * each // 100
    assert sum_of(numbers, "retold.calls") == calls
    assert sum_of(numbers, "retold.calls", "true") == failed
    assert sum_of(numbers, "retold.attempt.failures", "OSError") == failed * 3 // 2
    return numbers


def assert_never_out_of_joint(numbers: Numbers) -> None:
    """The laws that hold at any reading."""
    active, waiting = (sum_of(numbers, f"retold.call.{name}") for name in ("active", "waiting"))
    assert 0 <= waiting <= active <= THREADS
    assert sum_of(numbers, "retold.calls") == sum_of(numbers, "retold.call.duration count")
    assert sum_of(numbers, "retold.attempts") >= sum_of(numbers, "retold.call.attempts sum")


def assert_lawful(numbers: Numbers) -> None:
    """The laws that hold when nothing is under way."""
    calls, attempts = sum_of(numbers, "retold.calls"), sum_of(numbers, "retold.attempts")
    assert calls == sum_of(numbers, "retold.call.duration count") == sum_of(numbers, "retold.call.attempts count")
    assert attempts == sum_of(numbers, "retold.call.attempts sum")
    assert attempts == sum_of(numbers, "retold.attempt.duration count")
    assert attempts - calls == sum_of(numbers, "retold.retry.delay count")
    failed = sum_of(numbers, "retold.attempts", "error") + sum_of(numbers, "retold.attempts", "rejected")
    assert failed == sum_of(numbers, "retold.attempt.failures")
    assert sum_of(numbers, "retold.call.active") == sum_of(numbers, "retold.call.waiting") == 0
