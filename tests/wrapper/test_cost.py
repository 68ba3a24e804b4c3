"""What a call that succeeds at once, and a wrapper that nobody needs, leave behind: nothing."""

from __future__ import annotations

import gc
import sys
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

import retold
from retold import Policy, wrapper
from retold.exporters.prometheus import Prometheus
from retold.journal import FOLD_AT, JOURNAL
from retold.runners import audience
from retold.runners.call import Call
from retold.testing import ManualClock
from retold.wrapper import listening, target
from tests.forms import drive
from tests.wrapper.ways import NAMES, Choice, counted

OPERATION = "shop.fetch"


class Broken:
    """A clock that nobody may ask."""

    def now(self) -> float:
        raise AssertionError("the clock was read")

    def sleep(self, seconds: float, /) -> None:
        raise AssertionError("the clock waited")

    async def asleep(self, seconds: float, /) -> None:
        raise AssertionError("the clock waited")


def test_a_silent_success_makes_nothing_and_reads_no_clock() -> None:
    @Policy(on=OSError, clock=Broken())
    def function(value: int) -> int:
        return value

    for _ in range(100):
        function(1)
    before = sys.getallocatedblocks()
    for _ in range(1000):
        function(1)
    after = sys.getallocatedblocks()

    assert abs(after - before) < 10


def test_a_success_under_a_timeout_reads_the_clock() -> None:
    @Policy(on=OSError, timeout=1, clock=Broken())
    def function() -> None:
        pass

    with pytest.raises(AssertionError, match="the clock was read"):
        function()


@pytest.mark.parametrize("way", ["quiet", "timed", "counted"])
def test_a_success_that_nobody_is_told_of_makes_no_call_object(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[object] = []

    class Watched(Call):
        def __init__(self, *args: Any) -> None:
            made.append(args)
            super().__init__(*args)

    monkeypatch.setattr(target, "Call", Watched)
    retold.configure(exporters=Choice(way).exporters)
    function: Callable[[], object] = Policy(on=OSError)(lambda: "value")
    function()
    made.clear()

    for _ in range(1000):
        function()

    assert made == []


def test_what_is_counted_is_written_as_a_beginning_and_its_seconds_and_folded_when_there_is_much_of_it() -> None:
    clock = ManualClock()
    retold.configure(exporters=[Prometheus(CollectorRegistry())])
    function: Callable[[], object] = Policy(on=OSError, clock=clock, operation=OPERATION)(lambda: clock.advance(0.5))
    function()
    JOURNAL.collect()
    entries = JOURNAL.page(OPERATION).entries

    function()
    assert entries == [None, 0.5]
    lengths = []
    for _ in range(1000):
        function()
        lengths.append(len(entries))

    assert max(lengths) < FOLD_AT
    assert counted(OPERATION) == (1002, 0, 0)
    assert entries == []


def test_a_long_page_is_folded_by_calls_that_fail_too() -> None:
    def fails() -> None:
        raise OSError

    retold.configure(exporters=[Prometheus(CollectorRegistry())])
    function: Callable[[], None] = Policy(on=OSError, attempts=2, backoff=0, operation=OPERATION)(fails)
    for _ in range(1000):
        with pytest.raises(OSError):
            function()

    assert len(JOURNAL.page(OPERATION).entries) < FOLD_AT
    assert counted(OPERATION) == (1000, 2000, 1000)


@pytest.fixture
def _uncollected() -> Iterator[None]:
    """Only reference counts free what is not needed."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("_uncollected")
@pytest.mark.parametrize("way", NAMES)
@pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])
def test_a_wrapper_that_is_dropped_is_gone_at_once(way: str, asynchronous: bool) -> None:
    choice = Choice(way)
    retold.configure(exporters=choice.exporters)

    async def awaited() -> str:
        return "value"

    def plain() -> str:
        return "value"

    policy: Any = Policy(on=OSError)
    function = policy(awaited if asynchronous else plain)
    drive(function()) if asynchronous else function()
    gone = weakref.ref(function)
    known = len(target._wrappers)

    del function

    assert gone() is None
    assert len(target._wrappers) == known - 1


@pytest.mark.usefixtures("_uncollected")
def test_wrappers_of_closures_do_not_pile_up() -> None:
    policy: Any = Policy(on=OSError)
    known = len(target._wrappers)

    for value in range(1000):
        assert policy(lambda value=value: value)() == value

    assert len(target._wrappers) == known


def test_a_wrapper_that_is_gone_is_passed_by_when_exporters_change() -> None:
    made = Policy(on=OSError)(lambda: "value")
    kept = made.__globals__["_retold_target"]
    listeners = audience.current()

    del made
    kept.listen(listeners)
    kept._settle()

    assert kept._wrapper() is None


def test_code_is_remembered_for_some_kinds_of_parameters_and_made_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wrapper, "SAME_SIGNATURE", True)
    policy: Any = Policy(on=OSError)

    for number in range(listening._SHAPES + 10):
        assert policy(eval(f"lambda a{number}: a{number}"))(number) == number

    manner = policy._plan.manners[False].to(audience.current())
    assert len(manner._codes) == listening._SHAPES
