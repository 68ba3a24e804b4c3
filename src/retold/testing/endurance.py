"""What shows only after many calls, in another process, or in what is written."""

from __future__ import annotations

import gc
import os
import signal
import sys
import warnings
from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial

from retold.settings import configure
from retold.testing.circumstances import CALLERS
from retold.testing.faults import Found
from retold.testing.stage import Failure, Play, meeting, side_by_side
from retold.testing.watched import Watched

GROWS = "an exporter that is closed keeps nothing of calls that are over"
_CALLS = 100
"""Calls after which something that is kept of each of them shows."""


def grows(found: Found, exporter: Watched, *, another: Callable[[], Watched]) -> None:
    """Whether something of each call is left when all are over and the exporter is closed."""
    _make_many_calls(found)  # whatever is made once is made by now
    growth = min(_growth(found, another()) for _ in range(2))
    if growth >= _CALLS:
        remedy = "if that is what was written, have the factory's exporter write to something that keeps nothing"
        found.add(GROWS, f"{_CALLS} calls left {growth} blocks of memory or more; {remedy}")


def _growth(found: Found, exporter: Watched) -> int:
    gc.collect()
    before = sys.getallocatedblocks()
    with configure(exporters=[exporter]):
        _make_many_calls(found)
    exporter.close()
    gc.collect()
    return sys.getallocatedblocks() - before


def _make_many_calls(found: Found) -> None:
    for _ in range(_CALLS):
        Play(found, "many", Failure, "page").call("page")


def mixes(found: Found, exporter: Watched, *, written: Callable[[], Iterable[object]]) -> None:
    """Whether calls at the same time are written as they are one after the other."""

    def calls(meanwhile: Callable[[int], None]) -> list[Callable[[], None]]:
        pages = [f"page-{each}" for each in range(CALLERS)]
        plays = [Play(found, f"written-{page}", Failure, Failure, page, meanwhile=meanwhile) for page in pages]
        return [partial(play.call, page) for play, page in zip(plays, pages, strict=True)]

    def lines(work: Callable[[], None]) -> Counter[str]:
        before = len(list(written()))
        work()
        return Counter(map(repr, list(written())[before:]))

    apart = lines(lambda: [call() for call in calls(lambda number: None)].clear())
    together = lines(lambda: side_by_side(*calls(meeting(CALLERS))))
    for line in (together - apart) or (apart - together):
        found.add("calls at the same time are written like calls one after the other", f"only one of both has {line}")
        return


def forks(found: Found, exporter: Watched, *, patience: float) -> None:
    """A call begins here and ends in two processes, each of which then makes another."""
    reader, writer = os.pipe()
    child = -1

    def fork(number: int) -> None:
        nonlocal child
        if number == 1:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)  # of a fork beside threads, which is the point
                child = os.fork()
            if child == 0:
                signal.signal(signal.SIGALRM, signal.SIG_DFL)
                signal.setitimer(signal.ITIMER_REAL, patience)

    try:
        Play(found, "forked", Failure, "page", meanwhile=fork).call("page")
        Play(found, "after-a-fork", Failure, "page").call("page")
    finally:
        if child == 0:
            os.write(writer, "\n".join(fault.happened for fault in found.faults()).encode())
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, encoding="utf-8") as pipe:
        told = pipe.read().splitlines()
    _, status = os.waitpid(child, 0)
    if status:
        found.add("every method returns", f"in a forked child, something has not returned after {patience:g} s")
    for happened in set(told) - {fault.happened for fault in found.faults()}:
        found.add("a forked child is told like any process", happened)
