"""Numbers and waiting: statements 1 to 5, how long waits are."""

import itertools
import math
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from retold import (
    Backoff,
    Constant,
    Decorrelated,
    Equal,
    Exponential,
    Fibonacci,
    Linear,
    Policy,
    PolicyError,
)
from retold.testing import ManualClock, MemoryExporter
from tests.chance import GREATEST, LEAST, Luck
from tests.forms import Failing, Form

CAP = 7.0
LAST = (10_000, 10**6)
CAPPED: list[Any] = [
    Linear(0.1, cap=CAP),
    Linear(0.1, 1e308, cap=CAP),
    Exponential(0.1, cap=CAP),
    Exponential(CAP, 1e308, cap=CAP),
    Exponential(0.1, 1, cap=CAP),
    Equal(0.1, cap=CAP),
    Decorrelated(0.1, cap=CAP),
    Fibonacci(0.1, cap=CAP),
]
UNUSABLE: list[Any] = [-1, -0.1, math.nan, math.inf, -math.inf, True, False, "1", 10**400]


def lines_run(work: Callable[[], object]) -> int:
    """How many lines of code it runs."""
    count = 0

    def trace(frame: FrameType, event: str, argument: object) -> Any:
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize("backoff", [*CAPPED, Constant(CAP)], ids=repr)
@pytest.mark.parametrize("attempt", LAST)
def test_01_every_wait_is_finite_and_below_its_cap_in_the_same_time(backoff: Backoff, attempt: int) -> None:
    for luck in (LEAST, Luck(0.5), GREATEST):
        delay = backoff.delay(attempt, CAP, luck)
        assert type(delay) is float
        assert 0 <= delay <= CAP

    assert lines_run(lambda: backoff.delay(attempt, CAP, GREATEST)) < 20


def test_01_no_call_of_10_000_attempts_waits_longer(form: Form, clock: ManualClock) -> None:
    policy = Policy(on=OSError, attempts=10_000, backoff=Exponential(0.1, cap=CAP), clock=clock)

    with pytest.raises(OSError):
        form.perform(policy, Failing(OSError))

    assert len(clock.waits) == 9_999
    assert all(0 <= wait <= CAP for wait in clock.waits)


@pytest.mark.parametrize("backoff", [Exponential, Equal, Fibonacci, Linear, Decorrelated])
@pytest.mark.parametrize("zero", [0, 0.0])
def test_02_what_begins_with_nothing_waits_for_nothing(backoff: type[Any], zero: float) -> None:
    made = backoff(zero, cap=CAP)

    assert {made.delay(attempt, 0.0, GREATEST) for attempt in (1, 2, 3, 2000, *LAST)} == {0.0}


def test_02_in_every_form(form: Form, clock: ManualClock) -> None:
    with pytest.raises(OSError):
        form.perform(Policy(on=OSError, attempts=2000, backoff=Exponential(0), clock=clock), Failing(OSError))

    assert set(clock.waits) == {0.0}


@pytest.mark.parametrize("backoff", CAPPED, ids=repr)
def test_03_jitter_comes_before_the_cap(backoff: Backoff) -> None:
    longest = [backoff.delay(attempt, CAP, GREATEST) for attempt in range(1, 2000)]
    shortest = [backoff.delay(attempt, CAP, LEAST) for attempt in range(1, 2000)]

    assert max(longest) <= CAP
    assert all(low < high for low, high in zip(shortest, longest, strict=True))  # at the cap, too, they spread


def test_03_in_every_form(form: Form, clock: ManualClock) -> None:
    policy = Policy(on=OSError, attempts=100, backoff=Exponential(1, cap=CAP), clock=clock, rng=GREATEST)

    with pytest.raises(OSError):
        form.perform(policy, Failing(OSError))

    assert CAP - 1e-9 < max(clock.waits) <= CAP


@pytest.mark.parametrize("value", UNUSABLE, ids=lambda value: f"{value!r:.10}")
@pytest.mark.parametrize("option", ["timeout", "attempt_timeout", "hint_cap", "backoff"])
def test_04_what_is_no_duration_is_refused_by_a_policy(option: str, value: object) -> None:
    given: dict[str, Any] = {"hint": lambda failure: None, option: value}

    with pytest.raises(PolicyError, match=f"{option} must be .*, not "):
        Policy(on=OSError, **given)
    with pytest.raises(ValueError, match=f"{option} must be .*, not "):
        Policy(on=OSError).replace(**given)


@pytest.mark.parametrize("value", [*UNUSABLE, None], ids=lambda value: f"{value!r:.10}")
@pytest.mark.parametrize(
    ("backoff", "name"),
    [
        (Constant, "every"),
        (Linear, "initial"),
        (Linear, "step"),
        *itertools.product([Exponential, Equal, Decorrelated, Fibonacci], ["initial", "cap"]),
        *itertools.product([Exponential, Equal, Decorrelated], ["factor"]),
    ],
)
def test_04_and_by_every_backoff(backoff: type[Any], name: str, value: object) -> None:
    if (name, value) == ("step", None):  # as much as `initial`
        assert Linear(2.0, None) == Linear(2.0, 2.0)
        return
    with pytest.raises(ValueError, match=f"{name} must be .*, not "):
        backoff(**{name: value})


@pytest.mark.parametrize("answer", [-1, math.nan, math.inf, None, "soon", True, 10**400], ids=lambda it: f"{it!r:.10}")
def test_05_a_backoff_that_gives_no_duration_is_replaced_by_the_default(
    answer: Any, form: Form, clock: ManualClock, seen: MemoryExporter
) -> None:
    error = OSError()
    backoff: Any = lambda attempt: answer  # noqa: E731

    with pytest.raises(OSError) as raised:
        form.perform(Policy(on=OSError, backoff=backoff, clock=clock, rng=Luck(0.5)), Failing(error))

    assert raised.value is error
    assert clock.waits == [0.05, 0.1]
    assert [retry.ignored for retry in seen.retries] == ["backoff", "backoff"]


@pytest.mark.parametrize("answer", [-1.0, math.nan, math.inf, -1, True], ids=repr)
def test_05_so_is_a_built_in_one_that_was_given_such_bounds(
    answer: Any, form: Form, clock: ManualClock, seen: MemoryExporter
) -> None:
    class Bounded(Exponential):
        def bounds(self, failed_attempt: int) -> tuple[float, float]:
            return answer, answer

    error = OSError()

    with pytest.raises(OSError) as raised:
        form.perform(Policy(on=OSError, backoff=Bounded(), clock=clock, rng=Luck(0.5)), Failing(error))

    assert raised.value is error
    assert clock.waits == [0.05, 0.1]
    assert [retry.ignored for retry in seen.retries] == ["backoff", "backoff"]


@pytest.mark.parametrize("answer", [-1, math.nan, math.inf, "soon", True, 10**400], ids=lambda it: f"{it!r:.10}")
def test_05_a_hint_that_is_no_duration_counts_as_none(
    answer: Any, form: Form, clock: ManualClock, seen: MemoryExporter
) -> None:
    error = OSError()
    hint: Any = lambda failure: answer  # noqa: E731

    with pytest.raises(OSError) as raised:
        form.perform(Policy(on=OSError, backoff=[2, 3], hint=hint, clock=clock), Failing(error))

    assert raised.value is error
    assert clock.waits == [2, 3]
    assert [(retry.ignored, retry.source.value) for retry in seen.retries] == [("hint", "backoff")] * 2
