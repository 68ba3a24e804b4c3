"""Forms: statements 33 to 36, blocks and generators."""

import functools
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from retold import BlockingWarning, Outcome, Policy, UsageError
from retold.testing import ManualClock, MemoryExporter
from tests.forms import BLOCK, Failing
from tests.iterations import END, Iteration, Runs
from tests.looping import Library
from tests.pitfalls.tasks import together
from tests.runners.stepping import Begin


def ends(policy: Policy[Any], seen: MemoryExporter) -> Iterator[str]:
    """Leave a block in every way; after each, everything has been told."""

    def leave_by_return() -> None:
        for attempt in policy:
            with attempt:
                return

    leave_by_return()
    yield "return"
    for attempt in policy:
        with attempt:
            break
    yield "break"
    for attempt in policy:
        with attempt:
            continue
        raise AssertionError
    yield "continue"
    for attempt in policy:
        with attempt:
            pass
        yield "end"


async def aends(policy: Policy[Any], seen: MemoryExporter) -> AsyncIterator[str]:
    """The same with `async for`."""

    async def leave_by_return() -> None:
        async for attempt in policy:
            with attempt:
                return

    await leave_by_return()
    yield "return"
    async for attempt in policy:
        with attempt:
            break
    yield "break"
    async for attempt in policy:
        with attempt:
            continue
        raise AssertionError
    yield "continue"
    async for attempt in policy:
        async with attempt:
            pass
        yield "end"


@pytest.mark.parametrize("leave", [ends, aends], ids=["for", "async-for"])
def test_33_however_a_with_is_left_it_is_one_success_at_its_exit(
    leave: Any, clock: ManualClock, seen: MemoryExporter
) -> None:
    left = Iteration(leave(Policy(on=OSError, operation="block", clock=clock), seen))

    for number, how in enumerate(["return", "break", "continue", "end"], start=1):
        assert left.send() == how
        assert [call.outcome for call in seen.calls] == [Outcome.SUCCESS] * number
        assert len(seen.attempts) == number
    assert left.send() is END
    assert len(seen.calls) == 4


def test_34_a_loop_that_does_not_enter_its_attempt_is_told_so(begin: Begin) -> None:
    attempts = begin(Policy(on=OSError))
    attempts.offered()

    with pytest.raises(UsageError, match="without running its attempt: write `with attempt:` inside the `for`"):
        attempts.next()


def test_35_one_policy_is_iterated_again_and_again(begin: Begin, clock: ManualClock, seen: MemoryExporter) -> None:
    policy = Policy(on=OSError, operation="block", clock=clock)
    first, second = begin(policy), begin(policy)
    numbers = []

    for attempts in (first, second, first, second, first, second):
        with attempts.offered() as attempt:
            numbers.append(attempt.number)
            if attempt.number < 3:
                raise OSError

    assert numbers == [1, 1, 2, 2, 3, 3]
    assert [call.attempts for call in seen.calls] == [3, 3]


def test_35_by_several_tasks_at_the_same_time(library: Library, seen: MemoryExporter) -> None:
    policy = Policy(on=OSError, attempts=4, backoff=[1, 2, 3], operation="block")
    numbers: list[list[int]] = [[] for _ in range(5)]

    async def loop(mine: list[int]) -> None:
        async for attempt in policy:
            with attempt:
                mine.append(attempt.number)
                await library.sleep(len(numbers))
                if attempt.number < 4:
                    raise OSError

    library.run(lambda: together(library, *(functools.partial(loop, mine) for mine in numbers)))

    assert numbers == [[1, 2, 3, 4]] * 5
    assert [call.attempts for call in seen.calls] == [4] * 5


async def test_35_a_for_that_waits_in_an_event_loop_warns(clock: ManualClock) -> None:
    with pytest.warns(BlockingWarning, match="blocks it: .*use `async for`"):
        BLOCK.perform(Policy(on=OSError, operation="block", backoff=0.001), Failing(OSError, "page"))


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_36_restart_begins_anew_and_repeats_items(kind: str, clock: ManualClock) -> None:
    runs = Runs([1, 2, OSError()], [1, OSError()], [1, 2, 3])

    assert Iteration(Policy(on=OSError, clock=clock, generator="restart")(runs.function(kind))()).items() == [
        *(1, 2),
        1,
        *(1, 2, 3),
    ]


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_36_open_retries_up_to_the_first_item(kind: str, clock: ManualClock) -> None:
    error = OSError()
    runs = Runs([OSError()], [1, error], [1])
    iteration = Iteration(Policy(on=OSError, clock=clock, generator="open")(runs.function(kind))())

    assert iteration.send() == 1
    with pytest.raises(OSError) as raised:
        iteration.send()

    assert raised.value is error
    assert runs.started == 2


@pytest.mark.parametrize("kind", ["sync", "async"])
@pytest.mark.parametrize("mode", ["restart", "open"])
def test_36_close_reaches_the_generator(mode: Any, kind: str, clock: ManualClock) -> None:
    runs = Runs([1, 2])
    iteration = Iteration(Policy(on=OSError, clock=clock, generator=mode)(runs.function(kind))())

    iteration.send()
    iteration.close()

    assert runs.closed == 1
