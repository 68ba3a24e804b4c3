"""Backoffs other than the default: how else delays may grow, and how else they may be spread.

All of them bound a delay before they draw it, so calls still spread out once the cap is reached. Each is worked out
from the attempt's number in one step, at any number.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from retold.core.backoff import Exponential, Uniform
from retold.core.checks import growth, seconds
from retold.core.ports import Rng


@dataclass(frozen=True, slots=True)
class Linear(Uniform):
    """Linear backoff with full jitter.

    The delay after failed attempt n is uniform on [0, min(cap, initial + step * (n - 1))].

    Args:
        initial: Upper bound of the first delay, in seconds.
        step: How much each upper bound is above the one before, in seconds; None is as much as `initial`.
        cap: Upper bound of every delay, in seconds, the first one too.

    Raises:
        PolicyError: A number is negative, not finite or no number.
    """

    initial: float = 0.1
    step: float | None = None
    cap: float = 10.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "initial", seconds("initial", self.initial))
        object.__setattr__(self, "step", self.initial if self.step is None else seconds("step", self.step))
        object.__setattr__(self, "cap", seconds("cap", self.cap))

    def bounds(self, failed_attempt: int) -> tuple[float, float]:
        """0 and the upper bound of this attempt."""
        assert self.step is not None  # since it was built
        try:
            bound = self.initial + self.step * (failed_attempt - 1)
        except OverflowError:
            bound = self.cap if self.step else self.initial
        return 0.0, min(bound, self.cap)


_GOLDEN: Final = (1 + 5**0.5) / 2


@dataclass(frozen=True, slots=True)
class Fibonacci(Uniform):
    """Fibonacci backoff with full jitter: slower than doubling, by a factor that tends to 1.618.

    The delay after failed attempt n is uniform on [0, min(cap, initial * F(n))], where F is 1, 1, 2, 3, 5, 8, …

    Args:
        initial: Upper bound of the first and of the second delay, in seconds.
        cap: Upper bound of every delay, in seconds, the first one too.

    Raises:
        PolicyError: A number is negative, not finite or no number.

    Source: Binet's formula, F(n) = round(g ** n / sqrt(5)) with the golden ratio g. In floats it is exact up to n = 70,
        and off by less than 1e-12 of itself beyond.
    """

    initial: float = 0.1
    cap: float = 10.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "initial", seconds("initial", self.initial))
        object.__setattr__(self, "cap", seconds("cap", self.cap))

    def bounds(self, failed_attempt: int) -> tuple[float, float]:
        """0 and the upper bound of this attempt."""
        if self.initial == 0:
            return 0.0, 0.0
        try:
            bound = self.initial * round(_GOLDEN**failed_attempt / 5**0.5)
        except OverflowError:
            bound = self.cap
        return 0.0, min(bound, self.cap)


class Equal(Exponential):
    """Exponential backoff with equal jitter: half of each delay is certain, half is left to chance.

    The delay after failed attempt n is uniform on [b / 2, b] with b = min(cap, initial * factor ** (n - 1)): never next
    to nothing, as it may be with full jitter, for half the spread.

    Args:
        initial: Upper bound of the first delay, in seconds.
        factor: How much each upper bound is above the one before, 1 or more.
        cap: Upper bound of every delay, in seconds, the first one too.

    Raises:
        PolicyError: A number is negative, not finite or no number; `factor` is below 1.

    Source: M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
    """

    __slots__ = ()

    def bounds(self, failed_attempt: int) -> tuple[float, float]:
        """Half the upper bound of this attempt, and the upper bound."""
        bound = Exponential.bounds(self, failed_attempt)[1]
        return bound / 2, bound


@dataclass(frozen=True, slots=True)
class Decorrelated:
    """Decorrelated jitter: each delay is drawn from a range that grows with the delay before it, not with the attempt.

    The delay after the delay p (at first, and at least, `initial`) is uniform on [initial, min(cap, factor * p)]. Calls
    that failed together are apart for good, for chance decides how their delays grow.

    Args:
        initial: Lower bound of every delay, in seconds.
        factor: How far above the delay before it a delay may be, as a multiple, 1 or more.
        cap: Upper bound of every delay, in seconds, the first one too.

    Raises:
        PolicyError: A number is negative, not finite or no number; `factor` is below 1.

    Source: M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015. There the cap cuts what was
        drawn, so that up to two thirds of the delays are the cap itself; here it bounds what may be drawn.
    """

    initial: float = 0.1
    factor: float = 3.0
    cap: float = 10.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "initial", seconds("initial", self.initial))
        object.__setattr__(self, "factor", growth("factor", self.factor))
        object.__setattr__(self, "cap", seconds("cap", self.cap))

    def delay(self, failed_attempt: int, previous: float, rng: Rng, /) -> float:
        """A delay from between `initial` and a multiple of the wait before."""
        low = min(self.initial, self.cap)
        high = min(self.cap, self.factor * max(previous, self.initial))
        return low + rng.random() * (high - low)
