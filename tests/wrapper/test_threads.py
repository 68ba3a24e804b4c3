"""Exporters change, and registries are collected, while threads call: every call is counted once or not at all."""

from __future__ import annotations

import itertools
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

import retold
from retold import Exporter, Policy
from retold.exporters.prometheus import Prometheus
from retold.testing import ManualClock, MemoryExporter
from tests.readings import scraped_from, sum_of, told_to, without_limits

OPERATION = "shop.fetch"


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

    other = threading.Thread(target=repeat)
    other.start()
    with ThreadPoolExecutor(threads) as pool:
        try:
            list(pool.map(run, range(threads)))
        finally:
            done.set()
            other.join()


@pytest.fixture(autouse=True)
def _hurried() -> Iterator[None]:
    """Threads take turns fifty times as often."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-4)
    yield
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


def test_two_hundred_thousand_calls_are_counted_exactly_while_they_are_collected() -> None:
    threads, each = 16, 12_500
    registry = CollectorRegistry()
    failing = Failing()

    @Policy(on=OSError, attempts=3, backoff=0, operation=OPERATION, clock=ManualClock())
    def fetch() -> None:
        failing()

    def calls(number: int) -> None:
        for _ in range(each):
            fetch()

    with retold.configure(exporters=[Prometheus(registry)]):
        together(threads, calls, lambda: list(registry.collect()))

        numbers = scraped_from(registry)
    total, failed = threads * each, threads * each // 100
    failures = threads * sum(1 + number % 2 for number in range(each // 100))
    assert sum_of(numbers, "retold.calls") == total
    assert sum_of(numbers, "retold.calls", "true") == failed
    assert sum_of(numbers, "retold.attempts") == sum_of(numbers, "retold.call.attempts sum") == total + failures
    assert sum_of(numbers, "retold.attempt.failures", "OSError") == failures
    assert sum_of(numbers, "retold.retry.delay count") == failures
    assert sum_of(numbers, "retold.call.duration count") == sum_of(numbers, "retold.call.attempts count") == total
    assert sum_of(numbers, "retold.call.active") == sum_of(numbers, "retold.call.waiting") == 0


def listeners() -> tuple[bool, bool]:
    """Whether the journal, and whether exporters, hear of the call whose first attempt runs in the caller's caller."""
    names = sys._getframe(3).f_locals
    if "call" in names:
        return names["call"]._page is not None, names["call"]._story is not None
    who = names["who"] if "who" in names else names["_retold_who"]
    return who.page is not None, False


def test_each_call_is_counted_once_while_exporters_change() -> None:
    registry, memory = CollectorRegistry(), MemoryExporter()
    prometheus = Prometheus(registry)
    choices: list[list[Exporter]] = [[], [prometheus], [memory], [prometheus, memory], [prometheus]]
    switches = itertools.cycle(choices)
    switched: list[None] = []
    began: list[tuple[bool, bool]] = []
    failing = Failing()

    @Policy(on=OSError, attempts=3, backoff=0, operation=OPERATION, clock=ManualClock())
    def fetch() -> None:
        hears()
        failing()

    def hears() -> None:
        heard = listeners()
        if not running.first:
            return
        running.first = False
        began.append(heard)
        called.set()

    called = threading.Event()

    class Running(threading.local):
        first = True

    running = Running()

    def calls(number: int) -> None:
        count = 0
        while count < 1000 or len(switched) < 200:
            running.first = True
            fetch()
            count += 1

    def switch() -> None:
        called.clear()
        retold.configure(exporters=next(switches))
        called.wait(1)  # else no call may begin between two changes
        switched.append(None)

    together(8, calls, switch)

    numbers, told = without_limits(scraped_from(registry)), told_to(memory)
    assert len(switched) >= 200
    assert sum_of(numbers, "retold.calls") == sum(counted for counted, _ in began) > 0
    assert sum_of(told, "retold.calls") == sum(heard for _, heard in began) > 0
    assert_lawful(numbers)
    assert_lawful(told)


def assert_lawful(numbers: dict[tuple[str, ...], float]) -> None:
    """The laws that hold when nothing is under way."""
    calls, attempts = sum_of(numbers, "retold.calls"), sum_of(numbers, "retold.attempts")
    assert calls == sum_of(numbers, "retold.call.duration count") == sum_of(numbers, "retold.call.attempts count")
    assert attempts == sum_of(numbers, "retold.call.attempts sum")
    assert attempts == sum_of(numbers, "retold.attempt.duration count")
    assert attempts - calls == sum_of(numbers, "retold.retry.delay count")
    failed = sum_of(numbers, "retold.attempts", "error") + sum_of(numbers, "retold.attempts", "rejected")
    assert failed == sum_of(numbers, "retold.attempt.failures")
    assert sum_of(numbers, "retold.call.active") == sum_of(numbers, "retold.call.waiting") == 0
