"""How long to wait before the next attempt.

A backoff is stateless: what a call needs to remember is handed in, so that one policy serves many calls at once.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, cast, runtime_checkable

from retold.core.checks import growth, refuse_async, remedy, seconds, usable_number
from retold.core.ports import Rng
from retold.errors import PolicyError


@runtime_checkable
class Backoff(Protocol):
    """The rule that turns a failed attempt's number into a delay."""

    def delay(self, failed_attempt: int, previous: float, rng: Rng, /) -> float:
        """Seconds to wait after attempt `failed_attempt` (1, 2, …), the wait before it having been `previous`."""
        ...


class Uniform(ABC):
    """A backoff that draws each delay with equal chances from between two bounds."""

    __slots__ = ()

    @abstractmethod
    def bounds(self, failed_attempt: int) -> tuple[float, float]:
        """The least and the greatest delay after attempt `failed_attempt`, in seconds."""
        ...

    def delay(self, failed_attempt: int, previous: float, rng: Rng, /) -> float:
        """A delay from between the bounds of this attempt."""
        low, high = self.bounds(failed_attempt)
        return low + rng.random() * (high - low) if high > low else low


@dataclass(frozen=True, slots=True)
class Constant(Uniform):
    """The same delay after every failed attempt, without jitter.

    Args:
        every: The delay, in seconds.

    Raises:
        PolicyError: `every` is no finite number of 0 or more.
    """

    every: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "every", seconds("every", self.every))

    def bounds(self, failed_attempt: int) -> tuple[float, float]:
        """`every` and `every`."""
        return self.every, self.every


@dataclass(frozen=True, slots=True)
class Exponential(Uniform):
    """Exponential backoff with full jitter.

    The delay after failed attempt n is uniform on [0, min(cap, initial * factor ** (n - 1))],
    so calls still spread out once the cap is reached.

    Args:
        initial: Upper bound of the first delay, in seconds.
        factor: How much each upper bound is above the one before, 1 or more.
        cap: Upper bound of every delay, in seconds, the first one too.

    Raises:
        PolicyError: A number is negative, not finite or no number; `factor` is below 1.

    Source: M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
    """

    initial: float = 0.1
    factor: float = 2.0
    cap: float = 10.0

    def __post_init__(self) -> None:
        for name in ("initial", "cap"):
            object.__setattr__(self, name, seconds(name, getattr(self, name)))
        object.__setattr__(self, "factor", growth("factor", self.factor))

    def bounds(self, failed_attempt: int) -> tuple[float, float]:
        """0 and the upper bound of this attempt."""
        if self.initial == 0:
            return 0.0, 0.0
        try:
            bound = self.initial * self.factor ** (failed_attempt - 1)
        except OverflowError:
            bound = self.cap if self.factor > 1 else self.initial
        return 0.0, min(bound, self.cap)


@dataclass(frozen=True, slots=True)
class Listed(Uniform):
    """Delays from a list: the first for the first retry, the last for all beyond its end."""

    delays: tuple[float, ...]

    def bounds(self, failed_attempt: int) -> tuple[float, float]:
        """The delay of this attempt's place in the list, twice."""
        delay = self.delays[min(failed_attempt, len(self.delays)) - 1]
        return delay, delay


@dataclass(frozen=True, slots=True)
class Computed:
    """Delays from a function of the failed attempt's number.

    What it returns is checked where it is used: an answer that is no number of seconds must not stop a call.
    """

    function: Callable[[int], float]

    def delay(self, failed_attempt: int, previous: float, rng: Rng, /) -> float:
        """What the function says."""
        return self.function(failed_attempt)


DEFAULT = Exponential()


def as_backoff(value: object) -> Backoff:
    """The `backoff` option as a backoff.

    Args:
        value: A `Backoff`, seconds, a list or tuple of seconds, or a callable that takes the failed
            attempt's number and returns seconds.

    Raises:
        PolicyError: It is none of these, a number in it is no number of seconds, or it is async.
    """
    if isinstance(value, type):
        raise PolicyError(f"backoff must be a backoff itself, not its class: write {value.__name__}(...)")
    if isinstance(value, Backoff):
        refuse_async("the delay of backoff", value.delay)
        return value
    if isinstance(value, Sequence) and not isinstance(value, (str, bytes)):
        if not value:
            raise PolicyError("backoff must list at least one delay, not none: write backoff=0 for no waits")
        return Listed(tuple(seconds("each delay in backoff", delay) for delay in value))
    if callable(value):
        refuse_async("backoff", value)
        return Computed(cast("Callable[[int], float]", value))
    if hasattr(value, "__next__"):
        raise PolicyError("backoff must not be an iterator, which only one call could use: pass a list")
    every = usable_number(value)
    if every is None:
        raise PolicyError(
            "backoff must be a Backoff, seconds (finite, 0 or more), a list of seconds or a callable,"
            f" not {value!r}{remedy(value)}"
        )
    return Constant(every)
