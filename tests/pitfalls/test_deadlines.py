"""Deadlines and server hints: statements 11 to 17."""

import asyncio
from collections.abc import Callable
from email.utils import formatdate
from types import SimpleNamespace
from typing import Any

import pytest
import trio

import retold
from retold import AttemptTimeout, Outcome, Policy
from retold.hints import parse_retry_after
from retold.testing import ManualClock, MemoryExporter
from tests.forms import Failing, Form
from tests.looping import TRIO, Library, LoopClock


def lasting(clock: ManualClock, seconds: float) -> Callable[[], None]:
    """Work that fails after so long."""

    def work() -> None:
        clock.advance(seconds)
        raise OSError

    return work


def test_11_a_wait_that_does_not_fit_is_not_begun(form: Form, clock: ManualClock, seen: MemoryExporter) -> None:
    with pytest.raises(OSError):
        form.perform(
            Policy(on=OSError, attempts=None, timeout=10, backoff=3, clock=clock, operation="fetch"), lasting(clock, 1)
        )

    assert clock.waits == [3, 3]
    assert clock.now() == 9
    assert seen.last.outcome is Outcome.DEADLINE_EXCEEDED


@pytest.mark.parametrize("seconds", [0.5, 4, 9.5, 30])
@pytest.mark.parametrize("backoff", [0.25, 3, 9, 100])
def test_11_the_time_is_exceeded_by_less_than_one_attempt(
    seconds: float, backoff: float, form: Form, clock: ManualClock
) -> None:
    with pytest.raises(OSError):
        form.perform(
            Policy(on=OSError, attempts=None, timeout=10, backoff=backoff, clock=clock), lasting(clock, seconds)
        )

    assert clock.now() < 10 + seconds


def test_11_an_awaited_wait_neither(async_form: Form, library: Library) -> None:
    async def work() -> None:
        await library.sleep(1)
        raise OSError

    async def main() -> float:
        began = library.now()
        with pytest.raises(OSError):
            await async_form.awaiting(
                Policy(on=OSError, attempts=None, timeout=10, backoff=3, clock=LoopClock(library)), work
            )
        return library.now() - began

    assert library.run(main) == pytest.approx(9)


def test_12_after_a_first_attempt_that_outlasts_the_timeout_there_is_no_second(
    form: Form, clock: ManualClock, seen: MemoryExporter
) -> None:
    with pytest.raises(OSError):
        form.perform(Policy(on=OSError, timeout=10, backoff=0, clock=clock), lasting(clock, 11))

    assert clock.waits == []
    assert (seen.last.outcome, seen.last.attempts) == (Outcome.DEADLINE_EXCEEDED, 1)


def test_13_an_attempt_that_takes_too_long_is_cancelled_and_predicates_see_a_timeout(
    library: Library, limiting: Form, seen: MemoryExporter
) -> None:
    cancelled, asked = [], []

    async def work() -> None:
        try:
            await library.sleep(100)
        except (asyncio.CancelledError, trio.Cancelled) as error:
            cancelled.append(error)
            raise

    def on(error: Exception) -> bool:
        asked.append(error)
        return True

    async def main() -> None:
        await limiting.awaiting(Policy(on=on, attempts=3, attempt_timeout=2, backoff=0), work)

    with pytest.raises(TimeoutError) as raised:
        library.run(main)

    assert len(cancelled) == len(asked) == 3
    assert {type(error) for error in asked} == {AttemptTimeout}
    assert raised.value is asked[-1]
    assert [attempt.outcome.value for attempt in seen.attempts] == ["error"] * 3


@pytest.mark.parametrize("first", ["limit", "outer"])
def test_13_a_cancellation_from_outside_in_the_same_tick_is_not_swallowed(
    first: str, library: Library, limiting: Form, seen: MemoryExporter
) -> None:
    """Both are due at the same time, and whichever has been asked for first wakes first."""
    policy = Policy(on=BaseException, attempts=3, attempt_timeout=2, backoff=0)

    async def work() -> None:
        await library.sleep(100)

    async def with_trio() -> bool:
        with trio.CancelScope() as scope:

            async def begin() -> None:
                if first == "outer":
                    scope.deadline = trio.current_time() + 2
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(limiting.awaiting, policy, work)
                    await trio.testing.wait_all_tasks_blocked()
                    scope.deadline = trio.current_time() + 2

            await begin()
        return scope.cancelled_caught

    async def with_asyncio() -> bool:
        loop = asyncio.get_running_loop()
        task: asyncio.Future[Any]
        if first == "outer":
            loop.call_later(2, lambda: task.cancel())
        task = asyncio.ensure_future(limiting.awaiting(policy, work))
        if first == "limit":
            await asyncio.sleep(0)
            loop.call_at(loop.time() + 2, task.cancel)
        with pytest.raises(asyncio.CancelledError):
            await task
        return task.cancelled()

    assert library.run(with_trio if library is TRIO else with_asyncio)
    assert (seen.last.outcome, seen.last.attempts) == (Outcome.CANCELLED, 1)


def test_14_a_synchronous_function_refuses_a_limit_and_says_what_to_do_instead() -> None:
    policy = Policy(on=OSError, attempt_timeout=5)
    instead = r"not async: give the client that it calls a timeout, such as timeout=5, or make it async"

    def fetch() -> None: ...

    for use in (policy, policy.call, policy.run, lambda function: policy(staticmethod(function))):
        with pytest.raises(TypeError, match=instead):
            use(fetch)
    with pytest.raises(TypeError, match="cannot interrupt a synchronous block: write `async for` and `async with`"):
        iter(policy)


SUNDAY = 784_111_777.0  # Sun, 06 Nov 1994 08:49:37 GMT
DAY = 86_400.0


@pytest.mark.parametrize(
    ("value", "before", "seconds"),
    [
        ("120", 0, 120),
        ("0", 0, 0),
        (" 120\t", 0, 120),
        ("Sun, 06 Nov 1994 08:49:37 GMT", 30, 30),
        ("Sunday, 06-Nov-94 08:49:37 GMT", 30, 30),
        ("Sun Nov  6 08:49:37 1994", 30, 30),
        ("  Sun, 06 Nov 1994 08:49:37 GMT ", 30, 30),
        ("Sun, 06 Nov 1994 08:49:37 GMT", 5 * DAY, 5 * DAY),
        ("Sun, 06 Nov 1994 08:49:37 GMT", -30, 0),
        ("Sun Nov  6 08:49:37 1994", -5 * DAY, 0),
        *(
            (garbage, 0, None)
            for garbage in ("", " ", "soon", "-1", "nan", "inf", "1e3", "Sun, 31 Feb 1994 08:49:37 GMT")
        ),
    ],
)
def test_15_retry_after_is_seconds_or_a_date(value: str, before: float, seconds: float | None) -> None:
    assert parse_retry_after(value, now=SUNDAY - before) == seconds


class Busy(Exception):
    """As the exceptions of HTTP clients are."""

    def __init__(self, retry_after: str) -> None:
        super().__init__()
        self.response = SimpleNamespace(headers={"Retry-After": retry_after})


@pytest.mark.parametrize(
    ("value", "wait"),
    [("7", 7 + 2), (" 7 ", 7 + 2), (formatdate(0, usegmt=True), 2), ("when the sun shines", 2), ("-5", 2)],
)
def test_15_what_cannot_be_read_leaves_the_wait_to_the_backoff(
    value: str, wait: float, form: Form, clock: ManualClock
) -> None:
    policy = Policy(on=Busy, backoff=2, hint=retold.hints.retry_after, clock=clock)

    assert form.perform(policy, Failing(Busy(value), "page")) == "page"

    assert clock.waits == [wait]


@pytest.mark.parametrize(("over_cap", "waits"), [("cap", [12]), ("ignore", [2])])
def test_16_a_hint_above_the_cap_is_cut_to_it_or_ignored_and_recorded(
    over_cap: Any, waits: list[float], form: Form, clock: ManualClock, seen: MemoryExporter
) -> None:
    policy = Policy(on=OSError, backoff=2, hint=lambda _: 3600, hint_cap=10, over_cap=over_cap, clock=clock)

    assert form.perform(policy, Failing(OSError, "page")) == "page"

    assert clock.waits == waits
    assert [retry.hint for retry in seen.retries] == [3600]


def test_16_or_the_call_gives_up_without_a_wait(form: Form, clock: ManualClock, seen: MemoryExporter) -> None:
    with pytest.raises(OSError):
        form.perform(Policy(on=OSError, hint=lambda _: 3600, hint_cap=10, clock=clock), Failing(OSError))

    assert clock.waits == []
    assert (seen.last.outcome, seen.last.attempts, seen.last.hint) == (Outcome.HINT_REFUSED, 1, 3600)


@pytest.mark.parametrize("over_cap", ["give_up", "cap", "ignore"])
def test_16_what_was_asked_for_is_recorded_uncapped_whatever_comes_of_it(
    over_cap: Any, form: Form, clock: ManualClock, seen: MemoryExporter
) -> None:
    policy = Policy(on=OSError, timeout=9, backoff=9, hint=lambda _: 3600, hint_cap=10, over_cap=over_cap, clock=clock)

    with pytest.raises(OSError) as caught:
        form.perform(policy, Failing(OSError))

    assert seen.last.hint == 3600
    limit = "hint_cap is 10 s" if over_cap == "give_up" else "timeout is 9 s"
    assert caught.value.__notes__[0].endswith(f" after 1 attempt: the server asked for 3600 s, {limit}")


@pytest.mark.parametrize("over_cap", ["give_up", "cap", "ignore"])
def test_17_a_hint_never_leads_beyond_the_deadline(
    over_cap: Any, form: Form, clock: ManualClock, seen: MemoryExporter
) -> None:
    policy = Policy(on=OSError, attempts=None, timeout=10, backoff=1, hint=lambda _: 4, over_cap=over_cap, clock=clock)

    with pytest.raises(OSError):
        form.perform(policy, lasting(clock, 1))

    assert clock.waits == [5]  # the next one would end after 12 s
    assert clock.now() == 7
    assert seen.last.outcome is Outcome.DEADLINE_EXCEEDED
