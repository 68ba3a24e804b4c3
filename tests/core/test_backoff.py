"""How long to wait, at whatever attempt."""

import math
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retold import Backoff, Constant, Exponential, PolicyError
from retold.core.backoff import DEFAULT, Computed, Listed, as_backoff
from tests.chance import GREATEST

LENGTHS = st.floats(min_value=0, allow_nan=False, allow_infinity=False)
FACTORS = st.floats(min_value=1, allow_nan=False, allow_infinity=False)


def bound(backoff: Backoff, failed_attempt: int) -> float:
    return backoff.delay(failed_attempt, 0.0, GREATEST)


@given(LENGTHS, FACTORS, LENGTHS, st.integers(min_value=1, max_value=10**9), st.randoms(use_true_random=False))
def test_no_exponential_delay_is_negative_or_above_the_cap(
    initial: float, factor: float, cap: float, failed_attempt: int, rng: Random
) -> None:
    backoff = Exponential(initial, factor=factor, cap=cap)

    delay = backoff.delay(failed_attempt, 0.0, rng)

    assert 0 <= delay <= cap


@given(LENGTHS, FACTORS, LENGTHS, st.integers(min_value=1, max_value=10**6))
def test_no_exponential_bound_is_below_the_one_before(
    initial: float, factor: float, cap: float, failed_attempt: int
) -> None:
    backoff = Exponential(initial, factor=factor, cap=cap)

    assert bound(backoff, failed_attempt + 1) >= bound(backoff, failed_attempt)


@pytest.mark.parametrize("failed_attempt", [10_000, 10**6, 10**9])
@pytest.mark.parametrize("backoff", [Exponential(), Constant(3), as_backoff([1, 2]), Exponential(1, factor=1)])
def test_every_built_in_delay_is_finite_at_any_attempt(backoff: Backoff, failed_attempt: int) -> None:
    assert 0 <= bound(backoff, failed_attempt) <= 10


def test_the_default_doubles_from_a_tenth_of_a_second_to_ten() -> None:
    bounds = [bound(DEFAULT, number) for number in range(1, 10)]

    assert bounds == pytest.approx([0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 10, 10])


def test_exponential_delays_still_spread_at_the_cap() -> None:
    rng = Random(1)

    delays = [Exponential(cap=10).delay(50, 10.0, rng) for _ in range(1000)]

    assert min(delays) < 0.5
    assert max(delays) > 9.5


@pytest.mark.parametrize("failed_attempt", [1, 2, 10, 10_000, 10**6])
def test_an_exponential_backoff_from_zero_never_waits(failed_attempt: int) -> None:
    assert bound(Exponential(0, cap=10), failed_attempt) == 0


def test_a_growth_beyond_all_floats_ends_at_the_cap() -> None:
    assert bound(Exponential(1e-300, cap=1e308), 2000) == pytest.approx(1e308)


@pytest.mark.parametrize("name", ["initial", "cap"])
@pytest.mark.parametrize("value", [-1, math.nan, math.inf, True, "2"])
def test_exponential_rejects_a_wrong_number_by_name(name: str, value: Any) -> None:
    with pytest.raises(PolicyError, match=f"{name} must be a finite number of seconds"):
        Exponential(**{name: value})


@pytest.mark.parametrize("value", [0, 0.5, -1, math.nan, math.inf, True, "2"])
def test_exponential_rejects_a_factor_that_does_not_grow(value: Any) -> None:
    with pytest.raises(PolicyError, match="factor must be a finite number of 1 or more, not "):
        Exponential(factor=value)


@pytest.mark.parametrize("value", [-1, math.nan, math.inf, True, "2", None])
def test_constant_rejects_a_wrong_number_by_name(value: Any) -> None:
    with pytest.raises(PolicyError, match="every must be a finite number of seconds"):
        Constant(value)


def test_a_list_starts_with_its_first_entry_and_repeats_its_last() -> None:
    backoff = as_backoff([1, 2, 5])

    assert [bound(backoff, number) for number in (1, 2, 3, 4, 1000)] == [1, 2, 5, 5, 5]


def test_seconds_are_a_constant_backoff() -> None:
    assert as_backoff(2) == Constant(2.0)


def test_any_sequence_of_seconds_is_a_list() -> None:
    assert as_backoff((1, 2)) == as_backoff(range(1, 3)) == Listed((1.0, 2.0))


def test_a_function_is_asked_with_the_failed_attempt() -> None:
    backoff = as_backoff(lambda failed_attempt: failed_attempt * 10)

    assert isinstance(backoff, Computed)
    assert [bound(backoff, number) for number in (1, 2, 3)] == [10, 20, 30]


def test_a_backoff_of_the_users_own_is_taken_as_it_is() -> None:
    class Own:
        def delay(self, failed_attempt: int, previous: float, rng: object, /) -> float:
            return previous + 1

    own = Own()

    assert as_backoff(own) is own


@pytest.mark.parametrize("value", [iter([1, 2]), (n for n in (1, 2)), map(float, "12")])
def test_a_one_shot_iterator_is_refused_and_a_list_asked_for(value: object) -> None:
    with pytest.raises(PolicyError, match="must not be an iterator, which only one call could use: pass a list"):
        as_backoff(value)


def test_a_class_in_place_of_a_backoff_is_refused() -> None:
    with pytest.raises(PolicyError, match=r"write Exponential\(\.\.\.\)"):
        as_backoff(Exponential)


def test_an_empty_list_is_refused() -> None:
    with pytest.raises(PolicyError, match="at least one delay"):
        as_backoff([])


@pytest.mark.parametrize("value", [-1, math.nan, math.inf, True, None, "1", b"1", {1}, object()])
def test_what_is_no_backoff_at_all_is_refused(value: object) -> None:
    with pytest.raises(PolicyError, match="backoff must be a Backoff, seconds"):
        as_backoff(value)


@pytest.mark.parametrize("value", [-1, math.nan, math.inf, True, None, "1"])
def test_a_list_with_a_wrong_entry_is_refused(value: object) -> None:
    with pytest.raises(PolicyError, match="each delay in backoff must be a finite number of seconds"):
        as_backoff([1, value])
