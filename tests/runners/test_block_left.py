"""The block form, left before its end or misused."""

import contextlib
import gc
from collections.abc import Iterator

import pytest

from retold import Outcome, Policy, UsageError
from retold.testing import ManualClock, MemoryExporter
from tests.runners.stepping import Begin, fail


def test_an_iteration_without_with_raises_the_second_time(begin: Begin, seen: MemoryExporter) -> None:
    attempts = begin(Policy(on=OSError))
    attempts.offered()

    with pytest.raises(UsageError, match="write `with attempt:` inside the `for`"):
        attempts.next()

    assert seen.events == []


def test_a_with_that_is_still_open_when_the_loop_comes_around_is_told_so(
    begin: Begin, clock: ManualClock, seen: MemoryExporter
) -> None:
    attempts = begin(Policy(on=Exception, clock=clock))

    def leave_open() -> None:
        with contextlib.ExitStack() as stack:
            stack.enter_context(attempts.offered())
            attempts.next()

    with pytest.raises(UsageError, match="without running its attempt"):
        leave_open()

    assert [attempt.outcome for attempt in seen.attempts] == ["cancelled"]
    assert [call.outcome for call in seen.calls] == [Outcome.ABORTED]


def test_an_attempt_is_entered_once(begin: Begin, clock: ManualClock) -> None:
    attempts = begin(Policy(on=OSError, clock=clock))
    attempt = attempts.offered()

    with attempt, pytest.raises(UsageError, match="an attempt is entered once"), attempt:
        raise AssertionError


def test_an_attempt_whose_iterator_is_gone_is_not_run(begin: Begin, clock: ManualClock, seen: MemoryExporter) -> None:
    attempt = begin(Policy(on=OSError, clock=clock)).offered()

    with pytest.raises(UsageError, match="keep the iterator until the block has run"), attempt:
        raise AssertionError

    assert seen.events == []


def test_an_iterator_that_goes_while_its_attempt_runs_ends_the_call_once(
    begin: Begin, clock: ManualClock, seen: MemoryExporter
) -> None:
    def let_go() -> None:
        attempts = begin(Policy(on=OSError, clock=clock))
        with attempts.offered():
            del attempts
            raise OSError

    with pytest.raises(OSError):
        let_go()

    assert [attempt.outcome for attempt in seen.attempts] == ["cancelled"]
    assert [call.outcome for call in seen.calls] == [Outcome.ABORTED]


def test_a_break_between_attempts_aborts_the_call(clock: ManualClock, seen: MemoryExporter) -> None:
    for attempt in Policy(on=OSError, clock=clock):
        fail(attempt)
        break

    assert [attempt.outcome for attempt in seen.attempts] == ["error"]
    assert [call.outcome for call in seen.calls] == [Outcome.ABORTED]
    assert seen.last.error_type is None


async def test_a_break_between_awaited_attempts_aborts_the_call(clock: ManualClock, seen: MemoryExporter) -> None:
    async for attempt in Policy(on=OSError, clock=clock):
        fail(attempt)
        break

    assert [call.outcome for call in seen.calls] == [Outcome.ABORTED]


def test_close_between_attempts_aborts_the_call(clock: ManualClock, seen: MemoryExporter) -> None:
    attempts = iter(Policy(on=OSError, clock=clock))
    fail(next(attempts))

    attempts.close()  # type: ignore[attr-defined] # what `yield from` and generators do

    assert [call.outcome for call in seen.calls] == [Outcome.ABORTED]


def test_an_abandoned_iterator_in_a_cycle_aborts_when_it_is_collected(
    begin: Begin, clock: ManualClock, seen: MemoryExporter
) -> None:
    cycle: list[object] = []
    attempts = begin(Policy(on=OSError, clock=clock))
    fail(attempts.offered())
    cycle += [cycle, attempts]

    del attempts, cycle
    gc.collect()

    assert [call.outcome for call in seen.calls] == [Outcome.ABORTED]


def test_a_loop_left_before_its_first_with_tells_nothing(begin: Begin, seen: MemoryExporter) -> None:
    begin(Policy(on=OSError)).offered()

    assert seen.events == []


def test_closing_a_generator_around_a_running_attempt_cancels_it(clock: ManualClock, seen: MemoryExporter) -> None:
    def pages() -> Iterator[int]:
        for attempt in Policy(on=BaseException, clock=clock):
            with attempt:
                yield attempt.number

    generator = pages()
    next(generator)
    generator.close()  # type: ignore[attr-defined] # it is a generator

    assert [attempt.outcome for attempt in seen.attempts] == ["cancelled"]
    assert [call.outcome for call in seen.calls] == [Outcome.CANCELLED]
