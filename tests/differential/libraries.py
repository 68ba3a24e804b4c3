"""The libraries behind one face: each makes the call of a plan, on a clock of ours and with chance of ours."""

from __future__ import annotations

import itertools
import random
from collections.abc import Awaitable, Callable, Iterator
from types import SimpleNamespace
from typing import Any, NamedTuple, Protocol

import nopanic
import pytest
import stamina
import tenacity

import retold
from retold.testing import ManualClock
from tests.differential.plans import Fixed, Growing, Jittered, Listed, Plan, Result, Work, is_bad, is_retryable
from tests.forms import ACALL, ASYNC_BLOCK, ASYNC_DECORATOR, BLOCK, CALL, DECORATOR, Form, drive

FORMS: dict[str, tuple[Form, Form]] = {
    "decorator": (DECORATOR, ASYNC_DECORATOR),
    "call": (CALL, ACALL),
    "block": (BLOCK, ASYNC_BLOCK),
}


class Ended(NamedTuple):
    """How a call went: how often the function ran, what was waited, and what came of it.

    `what` is the result, also that of a call which gave up on a bad one; or else the place of the exception among
    those that the function raised: it is that object, or the test fails.
    """

    runs: int
    waits: tuple[float, ...]
    how: str
    what: Result | int


class Library(Protocol):
    """One library."""

    def prepare(self, patch: pytest.MonkeyPatch, clock: ManualClock) -> None:
        """Have it look at this clock, and wait on it."""

    def perform(self, plan: Plan, clock: ManualClock, work: Callable[[], Result]) -> Any:
        """Make the call."""

    async def aperform(self, plan: Plan, clock: ManualClock, work: Callable[[], Awaitable[Result]]) -> Any:
        """Make the call, awaiting."""

    def rejected(self, error: BaseException) -> Result | None:
        """The result that this error is about, if it says that one was rejected."""


def end_of(library: Library, plan: Plan, *, awaiting: bool) -> Ended:
    """How the call of a plan goes in a library."""
    clock, state = ManualClock(), random.getstate()
    work = Work(plan, clock)
    how: str = "returned"
    what: Result | int | None = None
    with pytest.MonkeyPatch.context() as patch:
        library.prepare(patch, clock)
        random.seed(plan.seed)
        try:
            what = (
                drive(library.aperform(plan, clock, work.arun)) if awaiting else library.perform(plan, clock, work.run)
            )
        except BaseException as error:
            what = library.rejected(error)
            how = "raised" if what is None else "rejected"
            if what is None:
                what = next((place for place, raised in enumerate(work.raised) if raised is error), None)
            if what is None:
                raise
        finally:
            random.setstate(state)
    if plan.judges and isinstance(what, Result) and not what.is_good:
        how = "rejected"
    assert what is not None
    return Ended(work.runs, tuple(float(wait) for wait in clock.waits), how, what)


class Retold:
    """Ours."""

    def prepare(self, patch: pytest.MonkeyPatch, clock: ManualClock) -> None:
        """It is given its clock."""

    def policy(self, plan: Plan, clock: ManualClock) -> retold.Policy[Any]:
        """The policy of a plan."""
        match plan.waits:
            case Fixed(seconds):
                backoff: Any = seconds
            case Listed(each):
                backoff = list(each)
            case Growing(initial, cap):
                backoff = lambda number: min(cap, initial * 2 ** (number - 1))  # noqa: E731 - as one would write it
            case Jittered(initial, cap):
                backoff = retold.Exponential(initial, cap=cap)
        return retold.Policy(
            on=is_retryable if plan.asks else ConnectionError,
            on_result=is_bad if plan.judges else None,
            attempts=plan.attempts,
            timeout=plan.deadline,
            backoff=backoff,
            clock=clock,
        )

    def perform(self, plan: Plan, clock: ManualClock, work: Callable[[], Result]) -> Any:
        return FORMS[plan.form][0].perform(self.policy(plan, clock), work)

    async def aperform(self, plan: Plan, clock: ManualClock, work: Callable[[], Awaitable[Result]]) -> Any:
        return await FORMS[plan.form][1].awaiting(self.policy(plan, clock), work)

    def rejected(self, error: BaseException) -> Result | None:
        return error.result if isinstance(error, retold.RejectedResult) else None  # type: ignore[return-value]


class Tenacity:
    """tenacity, with `reraise` and the limit that looks ahead."""

    def prepare(self, patch: pytest.MonkeyPatch, clock: ManualClock) -> None:
        patch.setattr(tenacity, "time", SimpleNamespace(monotonic=clock.now))

    def options(self, plan: Plan) -> dict[str, Any]:
        """The arguments of its decorator and of its objects."""
        match plan.waits:
            case Fixed(seconds):
                wait: Any = tenacity.wait_fixed(seconds)
            case Listed(each):
                wait = tenacity.wait_chain(*map(tenacity.wait_fixed, each))
            case Growing(initial, cap):
                wait = tenacity.wait_exponential(multiplier=initial, max=cap)
            case Jittered(initial, cap):
                wait = tenacity.wait_random_exponential(multiplier=initial, max=cap)
        retries: list[Any] = [
            tenacity.retry_if_exception(is_retryable)
            if plan.asks
            else tenacity.retry_if_exception_type(ConnectionError)
        ]
        if plan.judges:
            retries.append(tenacity.retry_if_result(is_bad))
        stops: list[Any] = []
        if plan.attempts is not None:
            stops.append(tenacity.stop_after_attempt(plan.attempts))
        if plan.deadline is not None:
            stops.append(tenacity.stop_before_delay(plan.deadline))
        return {
            "wait": wait,
            "retry": tenacity.retry_any(*retries),
            "stop": tenacity.stop_any(*stops),
            "reraise": True,
        }

    def perform(self, plan: Plan, clock: ManualClock, work: Callable[[], Result]) -> Any:
        options = self.options(plan) | {"sleep": clock.sleep}
        if plan.form == "decorator":
            return tenacity.retry(**options)(lambda: work())()
        if plan.form == "call":
            return tenacity.Retrying(**options)(work)
        value = None
        for attempt in tenacity.Retrying(**options):
            with attempt:
                value = work()
            if not attempt.retry_state.outcome.failed:  # type: ignore[union-attr] # there is one
                attempt.retry_state.set_result(value)
        return value

    async def aperform(self, plan: Plan, clock: ManualClock, work: Callable[[], Awaitable[Result]]) -> Any:
        async def awaited() -> Result:
            return await work()

        options = self.options(plan) | {"sleep": clock.asleep}
        if plan.form == "decorator":
            return await tenacity.retry(**options)(awaited)()
        if plan.form == "call":
            return await tenacity.AsyncRetrying(**options)(awaited)
        value = None
        async for attempt in tenacity.AsyncRetrying(**options):
            with attempt:
                value = await work()
            if not attempt.retry_state.outcome.failed:  # type: ignore[union-attr] # there is one
                attempt.retry_state.set_result(value)
        return value

    def rejected(self, error: BaseException) -> Result | None:
        return error.last_attempt.result() if isinstance(error, tenacity.RetryError) else None  # type: ignore[no-any-return]


class Stamina:
    """stamina, without jitter, deadlines, and results that are rejected, for which it has nothing that is the same."""

    def prepare(self, patch: pytest.MonkeyPatch, clock: ManualClock) -> None:
        patch.setattr(tenacity, "time", SimpleNamespace(monotonic=clock.now))
        patch.setattr(tenacity.nap, "time", SimpleNamespace(sleep=clock.sleep))
        patch.setattr(stamina._core, "_smart_sleep", clock.asleep)

    def options(self, plan: Plan) -> dict[str, Any]:
        """The arguments of its decorator and of its objects, but for `on`."""
        assert plan.deadline is None
        match plan.waits:
            case Fixed(seconds):
                waits = {"wait_initial": seconds, "wait_exp_base": 1, "wait_max": seconds}
            case Growing(initial, cap):
                waits = {"wait_initial": initial, "wait_exp_base": 2, "wait_max": cap}
            case other:
                raise ValueError(f"stamina cannot wait like {other}")
        return {"attempts": plan.attempts, "timeout": None, "wait_jitter": 0, **waits}

    def perform(self, plan: Plan, clock: ManualClock, work: Callable[[], Result]) -> Any:
        options, on = self.options(plan), is_retryable if plan.asks else ConnectionError
        if plan.form == "decorator":
            return stamina.retry(on=on, **options)(lambda: work())()
        if plan.form == "call":
            return stamina.RetryingCaller(**options)(on, work)
        value = None
        for attempt in stamina.retry_context(on=on, **options):
            with attempt:
                value = work()
        return value

    async def aperform(self, plan: Plan, clock: ManualClock, work: Callable[[], Awaitable[Result]]) -> Any:
        async def awaited() -> Result:
            return await work()

        options, on = self.options(plan), is_retryable if plan.asks else ConnectionError
        if plan.form == "decorator":
            return await stamina.retry(on=on, **options)(awaited)()
        if plan.form == "call":
            return await stamina.AsyncRetryingCaller(**options)(on, awaited)
        value = None
        async for attempt in stamina.retry_context(on=on, **options):
            with attempt:
                value = await work()
        return value

    def rejected(self, error: BaseException) -> Result | None:
        return None


class Steps:
    """A backoff of nopanic's that repeats its last delay."""

    def __init__(self, each: tuple[float, ...]) -> None:
        self.each = each

    def __iter__(self) -> Iterator[float]:
        return itertools.chain(self.each, itertools.repeat(self.each[-1]))


class Nopanic:
    """nopanic, which has no block, and returns a result that it rejects in the end."""

    def prepare(self, patch: pytest.MonkeyPatch, clock: ManualClock) -> None:
        patch.setattr(nopanic._core, "sleep", clock.sleep)
        patch.setattr(nopanic._core, "asleep", clock.asleep)

    def policy(self, plan: Plan, clock: ManualClock) -> nopanic.retry:
        """The policy of a plan."""
        match plan.waits:
            case Fixed(seconds):
                backoff: Any = seconds
            case Listed(each):
                backoff = Steps(each)
            case Growing(initial, cap):
                backoff = nopanic.backoff.exponential(initial, cap=cap)
            case Jittered(initial, cap):
                backoff = nopanic.backoff.full_jitter(initial, cap=cap)
        assert plan.attempts is not None
        return nopanic.retry(
            plan.attempts,
            is_retryable if plan.asks else ConnectionError,
            backoff,
            max_time=plan.deadline,
            on_result=is_bad if plan.judges else None,
            clock=clock.now,
        )

    def perform(self, plan: Plan, clock: ManualClock, work: Callable[[], Result]) -> Any:
        policy = self.policy(plan, clock)
        return policy(lambda: work())() if plan.form == "decorator" else policy.call(work)

    async def aperform(self, plan: Plan, clock: ManualClock, work: Callable[[], Awaitable[Result]]) -> Any:
        async def awaited() -> Result:
            return await work()

        policy = self.policy(plan, clock)
        return await (policy(awaited)() if plan.form == "decorator" else policy.acall(work))

    def rejected(self, error: BaseException) -> Result | None:
        return None
