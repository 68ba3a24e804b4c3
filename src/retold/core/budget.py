"""Retries allowed, shared by many calls: the `budget` of policies."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias
from weakref import WeakValueDictionary

from retold.core.bucket import Bucket
from retold.core.checks import growth, usable_number
from retold.errors import PolicyError
from retold.telemetry import clean_name


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Budget:
    """Retries allowed, shared by all calls of the policies that have it, so that an outage is not met with a storm.

    It holds `capacity` retries and begins full: each call adds `ratio` of one, and each second `min_per_second`. A
    retry takes one; where there is less than one left, the call gives up with `budget_exhausted`. First attempts are
    never denied.

    It is of one process, and of one dependency: make one for each, and give it to all policies that call it. Its
    options never change. Budgets with the same options are equal, and each has its own retries.

    Args:
        name: What it is called in metrics; beyond 32 names in a process they are counted together.
        ratio: Retries that each call adds: with 0.1, a tenth of the calls may be retried for as long as one likes.
        min_per_second: Retries that each second adds, so that few calls may be retried, too.
        capacity: The most retries that it holds, 1 or more: as many may come at once, after a quiet time.

    Raises:
        PolicyError: A number is negative, not finite or no number, `capacity` is below 1, or nothing is ever added.

    Attributes:
        bucket: Where its retries are.

    Source: Finagle's `RetryBudget`, for what calls and seconds add; the standard retry mode of the AWS SDKs, for a
        bucket that begins with 100 retries.
    """

    name: str
    ratio: float = field(default=0.1, kw_only=True)
    min_per_second: float = field(default=1.0, kw_only=True)
    capacity: float = field(default=100.0, kw_only=True)
    bucket: Bucket = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        name: object = self.name
        if not isinstance(name, str) or not name:
            raise PolicyError(f"a budget's name must be text, at least one character, not {name!r}")
        object.__setattr__(self, "name", clean_name(name))
        for option in ("ratio", "min_per_second"):
            number = usable_number(getattr(self, option))
            if number is None:
                raise PolicyError(f"{option} must be a finite number of 0 or more, not {getattr(self, option)!r}")
            object.__setattr__(self, option, number)
        object.__setattr__(self, "capacity", growth("capacity", self.capacity))
        if self.ratio == self.min_per_second == 0:
            raise PolicyError(
                "ratio and min_per_second must not both be 0, for once it is used up nothing would add to it"
            )
        object.__setattr__(self, "bucket", Bucket(self.ratio, self.min_per_second, self.capacity))
        _latest[self._options] = _living[id(self), self._options] = self

    @property
    def available(self) -> float:
        """Retries that are left now, by the clock of the policy that last asked for one."""
        return self.bucket.available

    @property
    def _options(self) -> _Options:
        return self.name, self.ratio, self.min_per_second, self.capacity

    def __copy__(self) -> Budget:
        return self

    def __deepcopy__(self, memo: object) -> Budget:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (id(self), *self._options)


_Options: TypeAlias = tuple[str, float, float, float]

_living: Final[WeakValueDictionary[tuple[int, _Options], Budget]] = WeakValueDictionary()
_latest: Final[WeakValueDictionary[_Options, Budget]] = WeakValueDictionary()


def _restore(identity: int, name: str, ratio: float, min_per_second: float, capacity: float) -> Budget:
    """The same budget, or elsewhere that process's own with these options: a new one each time would never run out."""
    options = name, ratio, min_per_second, capacity
    known = _living.get((identity, options)) or _latest.get(options)
    if known is not None:
        return known
    return Budget(name, ratio=ratio, min_per_second=min_per_second, capacity=capacity)
