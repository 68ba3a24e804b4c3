"""The block form: what leaving `with` means."""

import contextlib
from collections.abc import Iterator

import pytest

from retold import AttemptStarted, Outcome, Policy, RejectedResult
from retold.testing import ManualClock, MemoryExporter
from tests.runners.stepping import Begin, fail, succeed


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


def test_an_attempt_knows_its_place(begin: Begin, clock: ManualClock) -> None:
    clock.advance(100)
    attempts = begin(Policy(on=OSError, attempts=3, timeout=10, backoff=2, clock=clock))

    places = []
    for _ in range(2):
        attempt = attempts.offered()
        places.append((attempt.number, attempt.remaining, attempt.deadline))
        fail(attempt)

    assert places == [(1, 2, 110.0), (2, 1, 110.0)]


def test_the_deadline_counts_from_the_first_enter(begin: Begin, clock: ManualClock) -> None:
    attempts = begin(Policy(on=OSError, timeout=10, clock=clock))
    attempt = attempts.offered()
    clock.advance(5)

    with attempt:
        clock.advance(5)
        assert attempt.deadline == 15


def test_without_limits_an_attempt_has_none(begin: Begin, clock: ManualClock) -> None:
    assert begin(Policy(on=OSError, attempts=None, timeout=1, clock=clock)).offered().remaining is None
    assert begin(Policy(on=OSError, clock=clock)).offered().deadline is None


def test_a_block_without_a_result_is_not_judged(begin: Begin, clock: ManualClock) -> None:
    attempts = begin(Policy(on_result=lambda result: True, clock=clock))

    with attempts.offered():
        pass

    assert attempts.next() is None


def test_a_rejected_result_of_an_attempt_is_forgotten_in_the_next(begin: Begin, clock: ManualClock) -> None:
    attempts = begin(Policy(on_result=lambda result: result == "bad", clock=clock))

    with attempts.offered() as attempt:
        attempt.set_result("bad")
    with attempts.offered():
        pass

    assert attempts.next() is None


def test_the_last_rejected_result_is_raised_by_the_with(begin: Begin, clock: ManualClock) -> None:
    attempts = begin(Policy(on_result=bool, attempts=1, clock=clock))

    with pytest.raises(RejectedResult), attempts.offered() as attempt:
        attempt.set_result("bad")


def test_one_iterator_ends_after_its_call(begin: Begin, clock: ManualClock) -> None:
    attempts = begin(Policy(on=OSError, clock=clock))

    with attempts.offered():
        pass

    assert attempts.next() is None
    assert attempts.next() is None


def test_two_loops_over_one_policy_have_a_state_each(begin: Begin, clock: ManualClock, seen: MemoryExporter) -> None:
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
    begin: Begin, clock: ManualClock, seen: MemoryExporter
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


def test_every_attempt_is_told_with_its_number(begin: Begin, clock: ManualClock, seen: MemoryExporter) -> None:
    attempts = begin(Policy(on=OSError, clock=clock))

    for _ in range(2):
        fail(attempts.offered())
    with attempts.offered():
        pass

    assert [event.number for event in seen.events if isinstance(event, AttemptStarted)] == [1, 2, 3]


async def test_an_iterator_can_be_looped_over_like_its_policy(clock: ManualClock, seen: MemoryExporter) -> None:
    policy = Policy(on=OSError, backoff=0, operation="block", clock=clock)

    for attempt in iter(policy):
        (succeed if attempt.number == 3 else fail)(attempt)
    async for attempt in aiter(policy):
        (succeed if attempt.number == 3 else fail)(attempt)

    assert [(call.outcome, call.attempts) for call in seen.calls] == [(Outcome.SUCCESS, 3)] * 2
