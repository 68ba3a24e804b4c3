"""Every built-in backoff, at whatever attempt and with whatever luck."""

import copy
import math
import pickle
import re
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
from retold.core.backoff import as_backoff
from tests.chance import GREATEST, LEAST

LENGTHS = st.floats(min_value=0, allow_nan=False, allow_infinity=False)
FACTORS = st.floats(min_value=1, allow_nan=False, allow_infinity=False)
NUMBERS = st.integers(1, 100) | st.integers(1, 10**9) | st.sampled_from([10**6, 10**18, 10**400])
CAPPED: st.SearchStrategy[Any] = st.one_of(
    st.builds(Linear, LENGTHS, st.none() | LENGTHS, LENGTHS),
    st.builds(Exponential, LENGTHS, FACTORS, LENGTHS),
    st.builds(Equal, LENGTHS, FACTORS, LENGTHS),
    st.builds(Decorrelated, LENGTHS, FACTORS, LENGTHS),
    st.builds(Fibonacci, LENGTHS, LENGTHS),
)
GROWING = [Linear(), Exponential(), Equal(), Fibonacci(), Decorrelated()]


def bounds(backoff: Backoff, *numbers: int, previous: float = 0.0) -> list[tuple[float, Any]]:
    return [
        (backoff.delay(number, previous, LEAST), pytest.approx(backoff.delay(number, previous, GREATEST)))
        for number in numbers
    ]


@given(CAPPED, NUMBERS, LENGTHS, st.sampled_from([LEAST, GREATEST]) | st.randoms(use_true_random=False))
def test_no_delay_is_negative_or_above_the_cap(backoff: Any, number: int, previous: float, rng: Any) -> None:
    delay = backoff.delay(number, previous, rng)

    assert type(delay) is float
    assert 0 <= delay <= backoff.cap


@given(LENGTHS, NUMBERS, LENGTHS)
def test_a_constant_delay_is_what_it_is(every: float, number: int, previous: float) -> None:
    assert Constant(every).delay(number, previous, GREATEST) == every


@given(CAPPED, st.lists(st.tuples(NUMBERS, LENGTHS), max_size=10), st.integers())
def test_the_same_chance_gives_the_same_delays_in_whatever_order(
    backoff: Any, asked: list[tuple[int, float]], seed: int
) -> None:
    first, second = Random(seed), Random(seed)
    twin = copy.copy(backoff)

    delays = [backoff.delay(number, previous, first) for number, previous in asked]

    # Another call in between changes nothing.
    for number, previous in reversed(asked):
        twin.delay(number, previous, Random(0))
    assert [twin.delay(number, previous, second) for number, previous in asked] == delays


@given(
    st.one_of(
        st.builds(Linear, LENGTHS, st.none() | LENGTHS, LENGTHS),
        st.builds(Exponential, LENGTHS, FACTORS, LENGTHS),
        st.builds(Equal, LENGTHS, FACTORS, LENGTHS),
        st.builds(Fibonacci, LENGTHS, LENGTHS),
    ),
    NUMBERS,
)
def test_no_bound_is_below_the_one_before(backoff: Backoff, number: int) -> None:
    assert backoff.delay(number + 1, 0.0, GREATEST) >= backoff.delay(number, 0.0, GREATEST)


@pytest.mark.parametrize("backoff", GROWING, ids=str)
def test_delays_still_spread_at_the_cap(backoff: Any) -> None:
    rng = Random(1)

    delays = [backoff.delay(10**6, 10.0, rng) for _ in range(1000)]

    assert max(delays) > 9.9
    assert min(delays) < 5.1
    assert len(set(delays)) == 1000


@pytest.mark.parametrize("number", [1, 2, 10, 10**6, 10**400])
@pytest.mark.parametrize("kind", [Linear, Exponential, Equal, Fibonacci, Decorrelated])
def test_from_zero_no_backoff_ever_waits(kind: Any, number: int) -> None:
    assert kind(0).delay(number, 0.0, GREATEST) == 0


@pytest.mark.parametrize("backoff", GROWING, ids=str)
def test_unless_told_otherwise_delays_go_from_a_tenth_of_a_second_to_ten(backoff: Any) -> None:
    assert (backoff.initial, backoff.cap) == (0.1, 10.0)


def test_a_linear_bound_grows_by_the_same_step() -> None:
    assert bounds(Linear(1, 2, cap=6), 1, 2, 3, 4, 100) == [(0, 1), (0, 3), (0, 5), (0, 6), (0, 6)]


def test_a_linear_step_is_the_initial_bound_unless_given() -> None:
    assert bounds(Linear(0.5), 1, 2, 3, 20, 21) == [(0, 0.5), (0, 1), (0, 1.5), (0, 10), (0, 10)]
    assert Linear(0.5) == Linear(0.5, 0.5)


@pytest.mark.parametrize("number", [1, 2, 10**6, 10**400])
@pytest.mark.parametrize("backoff", [Linear(1, 0), Exponential(1, 1), Equal(1, 1)], ids=str)
def test_what_does_not_grow_stays_at_its_first_bound(backoff: Backoff, number: int) -> None:
    assert bounds(backoff, number)[0][1] == 1


@pytest.mark.parametrize("number", [10**400, 10**1000])
@pytest.mark.parametrize("backoff", GROWING[:-1], ids=str)
def test_what_grows_beyond_all_floats_is_at_its_cap(backoff: Backoff, number: int) -> None:
    assert bounds(backoff, number)[0][1] == 10


def test_fibonacci_bounds_are_sums_of_the_two_before() -> None:
    exact = [1, 1]
    while len(exact) < 70:
        exact.append(exact[-1] + exact[-2])

    assert [Fibonacci(1, cap=1e300).bounds(number) for number in range(1, 71)] == [(0, each) for each in exact]


def test_fibonacci_bounds_end_at_the_cap() -> None:
    assert bounds(Fibonacci(1), 5, 6, 7, 10**6) == [(0, 5), (0, 8), (0, 10), (0, 10)]


def test_half_of_an_equal_delay_is_certain() -> None:
    assert bounds(Equal(1, 2, cap=6), 1, 2, 3, 4, 100) == [(0.5, 1), (1, 2), (2, 4), (3, 6), (3, 6)]


def test_a_decorrelated_delay_depends_on_the_wait_before() -> None:
    backoff = Decorrelated(1, cap=20)

    assert bounds(backoff, 1, 7) == [(1, 3), (1, 3)]
    assert bounds(backoff, 7, previous=2.0) == [(1, 6)]
    assert bounds(backoff, 7, previous=6.0) == [(1, 18)]
    assert bounds(backoff, 7, previous=500.0) == [(1, 20)]


def test_a_decorrelated_delay_is_never_the_cap_more_often_than_others() -> None:
    rng = Random(1)

    delays = [Decorrelated(1, cap=10).delay(5, 10.0, rng) for _ in range(1000)]

    assert sum(delay > 9.5 for delay in delays) < 100


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (Linear, "initial"),
        (Linear, "step"),
        (Linear, "cap"),
        (Equal, "initial"),
        (Equal, "cap"),
        (Fibonacci, "initial"),
        (Fibonacci, "cap"),
        (Decorrelated, "initial"),
        (Decorrelated, "cap"),
    ],
)
@pytest.mark.parametrize("value", [-1, math.nan, math.inf, True, "2", 10**400])
def test_a_wrong_number_is_rejected_by_name(kind: Any, name: str, value: Any) -> None:
    message = f"{name} must be a finite number of seconds, 0 or more, not {value!r}"

    with pytest.raises(PolicyError, match=re.escape(message)):
        kind(**{name: value})


@pytest.mark.parametrize("kind", [Equal, Decorrelated])
@pytest.mark.parametrize("value", [0, 0.5, -1, math.nan, math.inf, True, "2"])
def test_a_factor_that_does_not_grow_is_rejected(kind: Any, value: Any) -> None:
    with pytest.raises(PolicyError, match=f"factor must be a finite number of 1 or more, not {value!r}"):
        kind(factor=value)


@pytest.mark.parametrize(
    ("backoff", "written"),
    [
        (Constant(2), "Constant(every=2.0)"),
        (Linear(1), "Linear(initial=1.0, step=1.0, cap=10.0)"),
        (Equal(1, cap=5), "Equal(initial=1.0, factor=2.0, cap=5.0)"),
        (Fibonacci(1), "Fibonacci(initial=1.0, cap=10.0)"),
        (Decorrelated(1), "Decorrelated(initial=1.0, factor=3.0, cap=10.0)"),
    ],
)
def test_a_backoff_is_written_in_one_line(backoff: Backoff, written: str) -> None:
    assert repr(backoff) == written
    assert repr(Policy(on=OSError, backoff=backoff)) == f"Policy(on=OSError, backoff={written})"


@pytest.mark.parametrize("backoff", [Constant(2), *GROWING, as_backoff([1, 2])], ids=str)
def test_a_backoff_can_be_copied_pickled_compared_and_hashed(backoff: Any) -> None:
    twins = [copy.copy(backoff), copy.deepcopy(backoff)]
    twins += [pickle.loads(pickle.dumps(backoff, protocol)) for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1)]

    for twin in twins:
        assert (twin, hash(twin), type(twin)) == (backoff, hash(backoff), type(backoff))
    assert Policy(on=OSError, backoff=backoff) == pickle.loads(pickle.dumps(Policy(on=OSError, backoff=backoff)))


def test_backoffs_of_other_kinds_or_numbers_are_not_equal() -> None:
    backoffs: list[object] = [*GROWING, Linear(1), Equal(1), Exponential(1), Fibonacci(1), Decorrelated(1)]

    assert len(set(backoffs)) == len(backoffs)


def test_a_backoff_never_changes() -> None:
    for backoff in GROWING:
        with pytest.raises(AttributeError):
            backoff.cap = 5.0  # type: ignore[attr-defined]
