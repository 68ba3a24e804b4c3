"""The libraries that Retold is held against."""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable, Iterator
from types import SimpleNamespace
from typing import Any

import nopanic
import pytest
import stamina
import tenacity

from retold.testing import ManualClock
from tests.differential.plans import Fixed, Growing, Jittered, Listed, Plan, Result, is_bad, is_retryable


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
        options: dict[str, Any] = self.options(plan) | {"sleep": clock.sleep}
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

        options: dict[str, Any] = self.options(plan) | {"sleep": clock.asleep}
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
        return error.last_attempt.result() if isinstance(error, tenacity.RetryError) else None


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
