"""The block form: what leaving `with` and leaving the loop mean."""

import contextlib
import gc
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from retold import Attempt, AttemptStarted, Outcome, Policy, RejectedResult, UsageError
from retold.testing import ManualClock, MemoryExporter
from tests.forms import drive


class Attempts:
    """Steps through the attempts of a policy by hand; the same for `for` and `async for`."""

    def __init__(self, iterator: Iterator[Attempt] | AsyncIterator[Attempt]) -> None:
        self.iterator = iterator

    def next(self) -> Attempt | None:
        """The next attempt; None at the end."""
        if isinstance(self.iterator, Iterator):
            return next(self.iterator, None)

        async def step(iterator: AsyncIterator[Attempt]) -> Attempt | None:
            return await anext(iterator, None)

        return drive(step(self.iterator))

    def offered(self) -> Attempt:
        """The next attempt, which there is."""
        attempt = self.next()
        assert attempt is not None
        return attempt


@pytest.fixture(params=[iter, aiter], ids=["for", "async-for"])
def begin(request: pytest.FixtureRequest) -> Callable[[Policy[Any]], Attempts]:
    """Both kinds of loop."""
    return lambda policy: Attempts(request.param(policy))


def fail(attempt: Attempt) -> None:
    with attempt:
        raise OSError


def test_return_inside_with_is_one_success_recorded_at_its_exit(clock: ManualClock, seen: MemoryExporter) -> None:
    def read() -> str:
        for attempt in Policy(on=OSError, clock=clock):
            with attempt:
                return "value"
        raise AssertionError

    assert read() == "value"

    assert [call.outcome for call in seen.calls] == [Outcome.SUCCESS]


def test_break_continue_and_the_end_are_one_success_each(clock: ManualClock, seen: MemoryExporter) -> None:
    policy = Policy(on=OSError, operation="block", clock=clock)
    runs = []

    for attempt in policy:
        with attempt:
            runs.append("break")
            break
    for attempt in policy:
        with attempt:
            runs.append("continue")
            continue
    for attempt in policy:
        with attempt:
            runs.append("end")
        assert seen.last.outcome is Outcome.SUCCESS

    assert runs == ["break", "continue", "end"]
    assert [call.outcome for call in seen.calls] == [Outcome.SUCCESS] * 3


async def test_return_and_break_inside_async_for_are_one_success_each(clock: ManualClock, seen: MemoryExporter) -> None:
    policy = Policy(on=OSError, operation="block", clock=clock)

    async def read() -> str:
        async for attempt in policy:
            with attempt:
                return "value"
        raise AssertionError

    assert await read() == "value"
    async for attempt in policy:
        with attempt:
            break

    assert [call.outcome for call in seen.calls] == [Outcome.SUCCESS] * 2


def test_an_attempt_knows_its_place(begin: Callable[[Policy[Any]], Attempts], clock: ManualClock) -> None:
    clock.advance(100)
    attempts = begin(Policy(on=OSError, attempts=3, timeout=10, backoff=2, clock=clock))

    places = []
    for _ in range(2):
        attempt = attempts.offered()
        places.append((attempt.number, attempt.remaining, attempt.deadline))
        fail(attempt)

    assert places == [(1, 2, 110.0), (2, 1, 110.0)]


def test_the_deadline_counts_from_the_first_enter(
    begin: Callable[[Policy[Any]], Attempts], clock: ManualClock
) -> None:
    attempts = begin(Policy(on=OSError, timeout=10, clock=clock))
    attempt = attempts.offered()
    clock.advance(5)

    with attempt:
        clock.advance(5)
        assert attempt.deadline == 15


def test_without_limits_an_attempt_has_none(begin: Callable[[Policy[Any]], Attempts], clock: ManualClock) -> None:
    assert begin(Policy(on=OSError, attempts=None, timeout=1, clock=clock)).offered().remaining is None
    assert begin(Policy(on=OSError, clock=clock)).offered().deadline is None


def test_a_block_without_a_result_is_not_judged(begin: Callable[[Policy[Any]], Attempts], clock: ManualClock) -> None:
    attempts = begin(Policy(on_result=lambda result: True, clock=clock))

    with attempts.offered():
        pass

    assert attempts.next() is None


def test_a_rejected_result_of_an_attempt_is_forgotten_in_the_next(
    begin: Callable[[Policy[Any]], Attempts], clock: ManualClock
) -> None:
    attempts = begin(Policy(on_result=lambda result: result == "bad", clock=clock))

    with attempts.offered() as attempt:
        attempt.set_result("bad")
    with attempts.offered():
        pass

    assert attempts.next() is None


def test_the_last_rejected_result_is_raised_by_the_with(
    begin: Callable[[Policy[Any]], Attempts], clock: ManualClock
) -> None:
    attempts = begin(Policy(on_result=bool, attempts=1, clock=clock))

    with pytest.raises(RejectedResult), attempts.offered() as attempt:
        attempt.set_result("bad")


def test_an_iteration_without_with_raises_the_second_time(
    begin: Callable[[Policy[Any]], Attempts], seen: MemoryExporter
) -> None:
    attempts = begin(Policy(on=OSError))
    attempts.offered()

    with pytest.raises(UsageError, match="write `with attempt:` inside the `for`"):
        attempts.next()

    assert seen.events == []


def test_a_with_that_is_still_open_when_the_loop_comes_around_is_told_so(
    begin: Callable[[Policy[Any]], Attempts], clock: ManualClock, seen: MemoryExporter
) -> None:
    attempts = begin(Policy(on=Exception, clock=clock))

    with pytest.raises(UsageError, match="without running its attempt"), contextlib.ExitStack() as stack:
        stack.enter_context(attempts.offered())
        attempts.next()

    assert [attempt.outcome for attempt in seen.attempts] == ["cancelled"]
    assert [call.outcome for call in seen.calls] == [Outcome.ABORTED]


def test_an_attempt_is_entered_once(begin: Callable[[Policy[Any]], Attempts], clock: ManualClock) -> None:
    attempts = begin(Policy(on=OSError, clock=clock))
    attempt = attempts.offered()

    with attempt, pytest.raises(UsageError, match="an attempt is entered once"), attempt:
        raise AssertionError


def test_an_attempt_whose_iterator_is_gone_is_not_run(
    begin: Callable[[Policy[Any]], Attempts], clock: ManualClock, seen: MemoryExporter
) -> None:
    attempt = begin(Policy(on=OSError, clock=clock)).offered()

    with pytest.raises(UsageError, match="keep the iterator until the block has run"), attempt:
        raise AssertionError

    assert seen.events == []


def test_an_iterator_that_goes_while_its_attempt_runs_ends_the_call_once(
    begin: Callable[[Policy[Any]], Attempts], clock: ManualClock, seen: MemoryExporter
) -> None:
    attempts = begin(Policy(on=OSError, clock=clock))

    with pytest.raises(OSError), attempts.offered():
        del attempts
        raise OSError

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
    begin: Callable[[Policy[Any]], Attempts], clock: ManualClock, seen: MemoryExporter
) -> None:
    cycle: list[object] = []
    attempts = begin(Policy(on=OSError, clock=clock))
    fail(attempts.offered())
    cycle += [cycle, attempts]

    del attempts, cycle
    gc.collect()

    assert [call.outcome for call in seen.calls] == [Outcome.ABORTED]


def test_a_loop_left_before_its_first_with_tells_nothing(
    begin: Callable[[Policy[Any]], Attempts], seen: MemoryExporter
) -> None:
    begin(Policy(on=OSError)).offered()

    assert seen.events == []


def test_one_iterator_ends_after_its_call(begin: Callable[[Policy[Any]], Attempts], clock: ManualClock) -> None:
    attempts = begin(Policy(on=OSError, clock=clock))

    with attempts.offered():
        pass

    assert attempts.next() is None
    assert attempts.next() is None


def test_two_loops_over_one_policy_have_a_state_each(
    begin: Callable[[Policy[Any]], Attempts], clock: ManualClock, seen: MemoryExporter
) -> None:
    policy = Policy(on=OSError, attempts=4, backoff=[1, 2, 3], operation="block", clock=clock)
    one, other = begin(policy), begin(policy)

    for _ in range(3):
        fail(one.offered())
        fail(other.offered())
    for attempts in (one, other):
        with attempts.offered():
            pass

    assert clock.waits == [1.0, 1.0, 2.0, 2.0, 3.0, 3.0]
    assert [call.attempts for call in seen.calls] == [4, 4]


def test_what_suppresses_an_exception_inside_the_with_makes_it_a_success(
    begin: Callable[[Policy[Any]], Attempts], clock: ManualClock, seen: MemoryExporter
) -> None:
    @contextlib.contextmanager
    def suppressing() -> Iterator[None]:
        with contextlib.suppress(OSError):
            yield

    attempts = begin(Policy(on=OSError, clock=clock))

    with attempts.offered(), suppressing():
        raise OSError
    with contextlib.suppress(StopIteration):
        assert attempts.next() is None

    assert (seen.last.outcome, seen.last.attempts) == (Outcome.SUCCESS, 1)


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


def test_every_attempt_is_told_with_its_number(
    begin: Callable[[Policy[Any]], Attempts], clock: ManualClock, seen: MemoryExporter
) -> None:
    attempts = begin(Policy(on=OSError, clock=clock))

    for _ in range(2):
        fail(attempts.offered())
    with attempts.offered():
        pass

    assert [event.number for event in seen.events if isinstance(event, AttemptStarted)] == [1, 2, 3]
