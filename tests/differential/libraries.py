"""What a library is to these tests: it makes the call of a plan, on a clock of ours and with chance of ours."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple, Protocol

import pytest

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
