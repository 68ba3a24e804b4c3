"""Exporters change while calls run: a call reports whole to those who listened when it began, and to nobody else."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import pytest

import retold
from retold import AttemptEnded, AttemptStarted, CallEnded, CallStarted, Exporter, Policy
from retold.testing import ManualClock, MemoryExporter
from tests.forms import drive
from tests.wrapper.ways import COUNTED, NAMES, OTHERS, Choice, counted

OPERATION = "shop.fetch"
ATTEMPTS = 3
PAIRS = list(itertools.product(NAMES, NAMES))
EXPECTED = {"timed": (1, 3, 2), "told": (3, 3, 2), "wanted": (3, 3, 2), "declined": (0, 0, 0)}
ENDS = {"success": 0, "retries": 2, "give-up": ATTEMPTS}


def decorated(asynchronous: bool, during: Callable[[], object], failures: int) -> Callable[[], object]:
    """A function that does something in its first attempt, and fails so many times."""
    runs = itertools.count(1)

    def work() -> str:
        run = next(runs)
        if run == 1:
            during()
        if run <= failures:
            raise OSError(f"run {run}")
        return "value"

    async def awork() -> str:
        return work()

    policy: Any = Policy(on=OSError, attempts=ATTEMPTS, backoff=1, operation=OPERATION, clock=ManualClock())
    if not asynchronous:
        return policy(work)  # type: ignore[no-any-return]
    wrapped = policy(awork)
    return lambda: drive(wrapped())


def ended(function: Callable[[], object]) -> object:
    """What a call returns or raises."""
    try:
        return function()
    except OSError as error:
        return str(error)


@pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize(("before", "after"), PAIRS, ids="-".join)
def test_a_call_reports_whole_to_those_who_listened_when_it_began(
    before: str, after: str, end: str, asynchronous: bool
) -> None:
    first, second = Choice(before), Choice(after)
    failures = ENDS[end]
    with retold.configure(exporters=first.exporters):
        function = decorated(asynchronous, lambda: retold.configure(exporters=second.exporters), failures)

        assert ended(function) == ("run 3" if failures == ATTEMPTS else "value")

    heard = first.expected(failures, gave_up=failures == ATTEMPTS)
    assert first.heard(OPERATION) == heard
    if before not in COUNTED:
        assert counted(OPERATION) == (0, 0, 0)
    if after not in ("quiet", *COUNTED):
        assert second.heard(OPERATION) == (0, 0, 0)


@pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize("ways", list(itertools.permutations(NAMES, 3)), ids="-".join)
def test_a_function_reports_to_whoever_is_configured_after_it_was_decorated(
    ways: tuple[str, ...], asynchronous: bool
) -> None:
    function = decorated(asynchronous, list, 0)
    failing = decorated(asynchronous, list, 99)
    for way in (*ways, *reversed(ways)):
        choice, begun = Choice(way), counted(OPERATION)
        with retold.configure(exporters=choice.exporters):
            for each in (function, function, failing):
                ended(each)

        numbers = tuple(now - then for now, then in zip(counted(OPERATION), begun, strict=True))
        assert numbers == ((3, 3, 2) if way in COUNTED else (0, 0, 0))
        if way in EXPECTED:
            assert choice.heard(OPERATION) == EXPECTED[way]


@pytest.mark.parametrize("failures", ENDS.values(), ids=list(ENDS))
@pytest.mark.parametrize(("before", "after"), PAIRS, ids="-".join)
def test_a_coroutine_that_starts_after_the_change_reports_whole_to_one_side(
    before: str, after: str, failures: int
) -> None:
    first, second = Choice(before), Choice(after)
    runs = itertools.count(1)

    @Policy(on=OSError, attempts=ATTEMPTS, backoff=1, operation=OPERATION, clock=ManualClock())
    async def function() -> str:
        if next(runs) <= failures:
            raise OSError
        return "value"

    with retold.configure(exporters=first.exporters):
        drive(function()) if before in COUNTED and not failures else None
        begun = counted(OPERATION)
        made = function()
        with retold.configure(exporters=second.exporters):
            ended(lambda: drive(made))

    told = [choice for choice in (first, second) if choice.way in OTHERS]
    whole = [choice.expected(failures, gave_up=failures == ATTEMPTS) for choice in told]
    numbers = tuple(now - then for now, then in zip(counted(OPERATION), begun, strict=True))
    for choice, expected in zip(told, whole, strict=True):
        assert choice.heard(OPERATION) in ((0, 0, 0), expected)
    assert numbers in ((0, 0, 0), Choice("counted").expected(failures, gave_up=failures == ATTEMPTS))
    heard_by = [choice.way for choice in told if any(choice.heard(OPERATION))] + ["counted"] * any(numbers)
    assert len(heard_by) <= 1


class Ordered(Exporter):
    """Says whether every beginning was told before its end."""

    live = True

    def __init__(self) -> None:
        self.told: list[str] = []

    def call_started(self, event: CallStarted) -> None:
        self.told.append("call")

    def attempt_started(self, state: object, event: AttemptStarted) -> None:
        self.told.append("attempt")

    def attempt_ended(self, state: object, event: AttemptEnded) -> None:
        self.told.append("attempt over")

    def call_ended(self, state: object, event: CallEnded) -> None:
        self.told.append("call over")


def test_a_live_exporter_is_not_told_of_a_call_from_its_middle() -> None:
    ordered = Ordered()

    @Policy(on=OSError, attempts=1)
    async def fails() -> None:
        raise OSError

    made = fails()
    retold.configure(exporters=[ordered])
    with pytest.raises(OSError):
        drive(made)

    assert ordered.told == []


class Changing(Exporter):
    """Asleep; when it is asked whether it still is, it has others configured."""

    others: Sequence[Exporter] = ()

    def is_awake(self) -> bool:
        if self.others:
            retold.configure(exporters=self.others)
        return False


def test_a_function_that_is_decorated_while_exporters_change_reports_to_the_new_ones() -> None:
    memory = MemoryExporter()
    changing = Changing()
    retold.configure(exporters=[changing])
    changing.others = [memory]

    function: Callable[[], object] = Policy(on=OSError)(lambda: "value")
    function()

    assert len(memory.calls) == 1
