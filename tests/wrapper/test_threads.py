"""Exporters change, and registries are collected, while threads call: every call is counted once or not at all."""

from __future__ import annotations

import itertools
import sys
import threading
from collections.abc import Iterator

import pytest
from prometheus_client import CollectorRegistry

import retold
from retold import Exporter, Policy
from retold.exporters.prometheus import Prometheus
from retold.testing import ManualClock, MemoryExporter
from tests.readings import scraped_from, sum_of, told_to, without_limits
from tests.subprocesses import run
from tests.wrapper.crowd import OPERATION, Failing, assert_lawful, count_exactly, hurried, together


@pytest.fixture(autouse=True)
def _hurried() -> Iterator[None]:
    with hurried():
        yield


def test_calls_are_counted_exactly_while_exporters_come_and_go_and_they_are_collected() -> None:
    count_exactly(1000)


def test_a_million_calls_are_counted_exactly() -> None:
    """In a process of its own, without coverage, which would take twenty times as long."""
    script = """
    from tests.wrapper.crowd import count_exactly
    from tests.readings import sum_of
    print(sum_of(count_exactly(31_400), "retold.calls"))
    """

    done = run(script, untraced=True, env={"RETOLD_EXPORTERS": "none"})

    assert float(done.out) >= 1_000_000


def listeners() -> tuple[bool, bool]:
    """Whether the journal, and whether exporters, hear of the call whose first attempt runs in the caller's caller."""
    names = sys._getframe(3).f_locals
    if "call" in names:
        return names["call"]._page is not None, names["call"]._story is not None
    who = names["who"] if "who" in names else names["_retold_who"]
    return who.page is not None, "_retold_story" in names


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
