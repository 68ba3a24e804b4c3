"""Cancellation passes through at once, and everything that began ends."""

import asyncio
import contextlib
import contextvars
import signal
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

import pytest

from retold import AttemptStarted, CallStarted, Outcome, Policy
from retold.journal import JOURNAL
from retold.telemetry import CALL_ACTIVE, CALL_WAITING
from retold.testing import ManualClock, MemoryExporter
from tests.forms import Failing, Form

Cancelled: TypeAlias = Callable[[Awaitable[Any], asyncio.Event], Awaitable[None]]


class Endless(ManualClock):
    """A clock whose waits never end."""

    def __init__(self) -> None:
        super().__init__()
        self.asleep_now = asyncio.Event()

    async def asleep(self, seconds: float, /) -> None:
        self.asleep_now.set()
        await asyncio.Event().wait()


async def by_task_cancel(call: Awaitable[Any], begun: asyncio.Event) -> None:
    task = asyncio.ensure_future(call)
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def by_timeout(call: Awaitable[Any], begun: asyncio.Event) -> None:
    async def expire(scope: asyncio.Timeout) -> None:
        await begun.wait()
        scope.reschedule(0)

    async def limited() -> None:
        async with asyncio.timeout(None) as scope:
            expiring = asyncio.ensure_future(expire(scope))
            try:
                await call
            finally:
                await expiring

    with pytest.raises(TimeoutError):
        await limited()


async def by_wait_for(call: Awaitable[Any], begun: asyncio.Event) -> None:
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(call, 0.001)
    assert begun.is_set()


async def by_task_group(call: Awaitable[Any], begun: asyncio.Event) -> None:
    async def sibling() -> None:
        await begun.wait()
        raise ZeroDivisionError

    async def together() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(sibling())
            await call

    with pytest.raises(ExceptionGroup) as caught:
        await together()
    assert [type(each) for each in caught.value.exceptions] == [ZeroDivisionError]


@pytest.fixture(params=[by_task_cancel, by_timeout, by_wait_for, by_task_group])
def cancelled(request: pytest.FixtureRequest) -> Cancelled:
    """The ways to cancel a call, once it is where `begun` says that it is."""
    made: Cancelled = request.param
    return made


def all_ended(seen: MemoryExporter) -> bool:
    """Whether every call and attempt that began has ended once."""
    attempts = [event for event in seen.events if isinstance(event, AttemptStarted)]
    calls = [event for event in seen.events if isinstance(event, CallStarted)]
    return len(attempts) == len(seen.attempts) and len(calls) == len(seen.calls) == 1


async def test_during_an_attempt_that_attempt_and_the_call_are_cancelled(
    async_form: Form, cancelled: Cancelled, clock: ManualClock, seen: MemoryExporter
) -> None:
    begun = asyncio.Event()

    async def work() -> None:
        begun.set()
        await asyncio.Event().wait()

    await cancelled(async_form.awaiting(Policy(on=BaseException, clock=clock), work), begun)

    assert [attempt.outcome for attempt in seen.attempts] == ["cancelled"]
    assert seen.last.outcome is Outcome.CANCELLED
    assert seen.last.error_type is None
    assert all_ended(seen)


async def test_during_a_wait_the_call_is_cancelled_and_no_attempt(
    async_form: Form, cancelled: Cancelled, seen: MemoryExporter
) -> None:
    clock = Endless()

    async def work() -> None:
        raise OSError

    await cancelled(async_form.awaiting(Policy(on=OSError, clock=clock), work), clock.asleep_now)

    assert [attempt.outcome for attempt in seen.attempts] == ["error"]
    assert seen.last.outcome is Outcome.CANCELLED
    assert all_ended(seen)


async def test_during_a_fallback_the_outcome_stays_the_give_up(clock: ManualClock, seen: MemoryExporter) -> None:
    begun = asyncio.Event()

    async def fallback(error: Exception) -> None:
        begun.set()
        await asyncio.Event().wait()

    async def work() -> None:
        raise OSError

    policy = Policy(on=OSError, fallback=fallback, clock=clock)

    await by_task_cancel(policy.acall(work), begun)

    assert [(call.outcome, call.fallback) for call in seen.calls] == [(Outcome.ATTEMPTS_EXHAUSTED, False)]


async def test_a_coroutine_closed_in_the_middle_ends_its_call(
    async_form: Form, seen: MemoryExporter, clock: ManualClock
) -> None:
    never: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def work() -> None:
        await never

    async def perform() -> Any:
        return await async_form.awaiting(Policy(on=BaseException, clock=clock), work)

    coroutine = perform()
    coroutine.send(None)
    coroutine.close()

    assert [attempt.outcome for attempt in seen.attempts] == ["cancelled"]
    assert all_ended(seen)


class Interrupted(ManualClock):
    """A clock whose waits are interrupted."""

    def sleep(self, seconds: float, /) -> None:
        self.advance(seconds / 2)
        raise KeyboardInterrupt


def test_an_interrupted_wait_cancels_the_call(form: Form, seen: MemoryExporter) -> None:
    with pytest.raises(KeyboardInterrupt):
        form.perform(Policy(on=OSError, backoff=4, clock=Interrupted()), Failing(OSError))

    assert [attempt.outcome for attempt in seen.attempts] == ["error"]
    assert (seen.last.outcome, seen.last.delay_total) == (Outcome.CANCELLED, 2.0)
    assert all_ended(seen)


@pytest.mark.usefixtures("journaling")
def test_an_interrupted_wait_releases_the_gauges(form: Form) -> None:
    with contextlib.suppress(KeyboardInterrupt):
        form.perform(Policy(on=OSError, backoff=4, operation="read", clock=Interrupted()), Failing(OSError))

    totals = JOURNAL.collect()
    assert totals[CALL_ACTIVE]["read",] == 0
    assert totals[CALL_WAITING]["read",] == 0


def test_a_context_variable_set_in_one_attempt_is_seen_in_the_next(form: Form, clock: ManualClock) -> None:
    variable = contextvars.ContextVar("variable", default=0)
    found = []

    def work() -> None:
        found.append(variable.get())
        variable.set(variable.get() + 1)
        raise OSError

    def perform() -> None:
        with contextlib.suppress(OSError):
            form.perform(Policy(on=OSError, attempts=3, clock=clock), work)

    contextvars.copy_context().run(perform)

    assert found == [0, 1, 2]


async def test_a_context_variable_goes_on_in_a_loop_too(async_form: Form, clock: ManualClock) -> None:
    variable = contextvars.ContextVar("variable", default=0)
    found = []

    async def work() -> None:
        await asyncio.sleep(0)
        found.append(variable.get())
        variable.set(variable.get() + 1)
        raise OSError

    with contextlib.suppress(OSError):
        await async_form.awaiting(Policy(on=OSError, attempts=3, clock=clock), work)

    assert found == [0, 1, 2]
    assert variable.get() == 3


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs a timer that interrupts")
def test_the_longest_wait_is_a_wait_and_no_overflow() -> None:
    class Woken(Exception):
        pass

    def wake(number: int, frame: object) -> None:
        raise Woken

    before = signal.signal(signal.SIGALRM, wake)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.001)
        with pytest.raises(Woken):
            Policy(on=OSError, backoff=lambda failed_attempt: 1e300).call(Failing(OSError))
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
