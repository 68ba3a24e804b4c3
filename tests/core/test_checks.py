"""Options that are lengths of time."""

import math
from decimal import Decimal
from fractions import Fraction
from numbers import Real
from typing import Any

import pytest

from retold import PolicyError
from retold.core.checks import seconds, usable_number

UNUSABLE: list[Any] = [-1, -0.001, math.nan, math.inf, -math.inf, True, False, None, "1", Decimal(1), [1], 10**400]
UNUSABLE += [Fraction(-1, 2), Fraction(10**400)]


@pytest.mark.parametrize("value", UNUSABLE, ids=lambda value: repr(value)[:20])
def test_a_duration_that_is_no_finite_number_of_zero_or_more_is_rejected_by_name(value: object) -> None:
    with pytest.raises(PolicyError, match="timeout must be a finite number of seconds, 0 or more, not "):
        seconds("timeout", value)


@pytest.mark.parametrize("value", UNUSABLE, ids=lambda value: repr(value)[:20])
def test_asking_whether_a_value_is_usable_never_raises(value: object) -> None:
    assert usable_number(value) is None


class Drawn:
    """A number as NumPy has them: no int, no float, but registered among the real ones."""

    def __float__(self) -> float:
        return 2.5

    def __eq__(self, other: object) -> bool:
        return other == 2.5


Real.register(Drawn)


@pytest.mark.parametrize("value", [0, 0.0, 1, 2.5, 10**9, Fraction(1, 4), Drawn()])
def test_a_duration_becomes_a_float(value: float) -> None:
    number = seconds("timeout", value)

    assert number == value
    assert type(number) is float
