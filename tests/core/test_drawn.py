"""What of a policy's delays is left to chance, and how often its backoff and its clock are asked."""

import math
from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from retold import Backoff, Constant, Decorrelated, Equal, Exponential, Fibonacci, Linear, Outcome
from retold.core.backoff import DEFAULT, Listed
from retold.core.decision import Decide, decider
from retold.core.ports import Rng
from retold.core.rules import Rules
from tests.chance import Luck


class Forbidden:
    """Chance that nobody may ask."""

    def random(self) -> float:
        raise AssertionError


def deciding(backoff: Any, rng: Rng, now: Callable[[], float] = lambda: 0.0, **options: Any) -> Decide:
    return decider(Rules(on=OSError, backoff=backoff, **options), now, rng)


@pytest.mark.parametrize("chance", [0.0, 0.25, 0.5, math.nextafter(1.0, 0.0)])
@pytest.mark.parametrize(
    "backoff",
    [DEFAULT, Constant(2), Listed((1.0, 2.0)), Linear(1), Exponential(1), Equal(1), Fibonacci(1), Decorrelated(1)],
    ids=str,
)
def test_a_policy_waits_what_its_backoff_says_after_every_attempt(backoff: Backoff, chance: float) -> None:
    rng = Luck(chance)
    decide = deciding(backoff, rng, attempts=100)

    delays = [decide(OSError(), number, 0.0, 1.5) for number in range(1, 100)]

    assert delays == [backoff.delay(number, 1.5, rng) for number in range(1, 100)]


@pytest.mark.parametrize("backoff", [2, [1, 2], lambda number: number, Exponential(0)])
def test_a_delay_that_is_certain_uses_no_chance_up(backoff: Any) -> None:
    decide = deciding(backoff, Forbidden(), attempts=100)

    assert [decide(OSError(), number, 0.0, 0.0) for number in (1, 99)] == [
        Rules(on=OSError, backoff=backoff).backoff.delay(number, 0.0, Random(0)) for number in (1, 99)
    ]


def test_a_delay_of_a_kind_of_the_users_own_is_asked_for_each_time() -> None:
    class Late(Exponential):
        def delay(self, failed_attempt: int, previous: float, rng: Rng, /) -> float:
            return previous + 1

    decide = deciding(Late(), Forbidden())

    assert [decide(OSError(), 1, 0.0, previous) for previous in (0.0, 4.0)] == [1.0, 5.0]


class Noted(Exponential):
    """Has the bounds that it is given, and notes for which attempts it is asked for them."""

    given: tuple[float, float]
    numbers: list[int]

    def __init__(self, *bounds: Any) -> None:
        super().__init__()
        object.__setattr__(self, "given", bounds)
        object.__setattr__(self, "numbers", [])

    def bounds(self, failed_attempt: int) -> tuple[float, float]:
        self.numbers.append(failed_attempt)
        return self.given


@pytest.mark.parametrize(("attempts", "asked"), [(1, []), (2, [1]), (5, [1, 2, 3, 4])])
@pytest.mark.parametrize("bounds", [(0.0, 0.5), (0.0, 0.0), (2.0, 2.0)])
def test_bounds_are_worked_out_once_for_each_policy(
    bounds: tuple[float, float], attempts: int, asked: list[int]
) -> None:
    backoff = Noted(*bounds)

    decide = deciding(backoff, Random(0), attempts=attempts)
    for number in (*range(1, attempts + 1), *range(1, attempts + 1)):
        decide(OSError(), number, 0.0, 0.0)

    assert backoff.numbers == asked


@pytest.mark.parametrize(
    "bounds", [(-1.0, 1.0), (2.0, 1.0), (1, 2.0), (1.0, 2), (0.0, math.inf), (1.0, math.nan), (math.nan, 1.0)]
)
def test_what_is_no_pair_of_bounds_is_asked_for_and_checked_each_time(bounds: tuple[float, float]) -> None:
    backoff = Noted(*bounds)

    decide = deciding(backoff, Luck(0.0), attempts=3)
    for _ in range(2):
        decide(OSError(), 1, 0.0, 0.0)

    assert backoff.numbers == [1, 2, 1, 1]


@pytest.mark.parametrize("elapsed", [0.0, 7.9, 8.0, 100.0])
@pytest.mark.parametrize("began", [-50.0, 0.0, 1e6])
def test_the_time_that_is_left_is_measured_from_when_the_call_began(began: float, elapsed: float) -> None:
    decide = deciding(2, Random(0), lambda: began + elapsed, timeout=10)

    assert decide(OSError(), 1, began, 0.0) == (2.0 if elapsed < 8 else Outcome.DEADLINE_EXCEEDED)
