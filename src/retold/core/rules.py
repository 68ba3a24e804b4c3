"""The options of a policy, validated once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, Literal, TypeAlias

from retold.core.backoff import DEFAULT, Backoff, as_backoff
from retold.core.budget import Budget
from retold.core.checks import callable_now, check_condition, refuse_async, seconds
from retold.core.ports import Clock, Rng, Stop, StopEvent
from retold.errors import PolicyError
from retold.events import CallEnded, RetryScheduled
from retold.telemetry import clean_name

OverCap: TypeAlias = Literal["give_up", "cap", "ignore"]
GeneratorMode: TypeAlias = Literal["restart", "open"]
DEFAULT_HINT_CAP = 60.0
MOST_ATTEMPTS = 2**63 - 1
"""What OpenTelemetry's protocol can tell. A number beyond, and no metrics of the whole process are sent."""


class Missing(Enum):
    """The value of an option that was not given, where None means something."""

    MISSING = "missing"


MISSING: Final = Missing.MISSING


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What to retry, how long to wait, when to stop. `Policy` documents the options."""

    on: type[BaseException] | tuple[type[BaseException], ...] | Callable[[Exception], object] | None = None
    on_result: Callable[[Any], object] | None = None
    attempts: int | None = 3
    timeout: float | None = None
    attempt_timeout: float | None = None
    stop: Stop | None = None
    backoff: Backoff = DEFAULT
    hint: Callable[[Any], float | None] | None = None
    hint_cap: float | None = None
    over_cap: OverCap = "give_up"
    budget: Budget | None = None
    fallback: Callable[[Any], Any] | Missing | None = MISSING
    generator: GeneratorMode | None = None
    on_retry: Callable[[RetryScheduled], object] | None = None
    on_give_up: Callable[[CallEnded], object] | None = None
    on_success: Callable[[CallEnded], object] | None = None
    operation: str | None = None
    clock: Clock | None = None
    rng: Rng | None = None

    def __post_init__(self) -> None:
        if self.on is not None:
            check_condition("on", self.on)
        if self.on is None and self.on_result is None:
            raise PolicyError("on (what to retry) is required unless on_result is given, as in on=ConnectionError")
        for name in ("on_result", "hint"):
            value = getattr(self, name)
            if value is not None:
                if not callable(value):
                    raise PolicyError(f"{name} must be a callable, not {value!r}")
                refuse_async(name, value)
        _check_attempts(self.attempts)
        _check_stop(self.stop)
        if self.attempts is None and self.timeout is None and self.stop is None:
            raise PolicyError("attempts=None (unlimited) needs a timeout or a stop, which are None too")
        if self.timeout is not None:
            object.__setattr__(self, "timeout", seconds("timeout", self.timeout))
        self._check_attempt_timeout()
        object.__setattr__(self, "backoff", as_backoff(self.backoff))
        self._check_hint()
        if self.budget is not None and not isinstance(self.budget, Budget):
            raise PolicyError(f"budget must be a Budget, as in budget=retold.Budget('shop'), not {self.budget!r}")
        if self.fallback is not None and self.fallback is not MISSING and not callable(self.fallback):
            raise PolicyError(
                "fallback must be None or a callable that takes the final exception;"
                " to return a value write fallback=lambda error: value"
            )
        if self.generator not in (None, "restart", "open"):
            raise PolicyError(f"generator must be 'restart', 'open' or None, not {self.generator!r}")
        for name in ("on_retry", "on_give_up", "on_success"):
            hook = getattr(self, name)
            if hook is not None and not callable_now(hook):
                raise PolicyError(f"{name} must be a callable that takes an event and is not async, not {hook!r}")
        if self.clock is not None and not _is_one(self.clock, Clock):
            raise PolicyError(f"clock must be an object with now, sleep and asleep, not {self.clock!r}")
        if self.rng is not None and not _is_one(self.rng, Rng):
            raise PolicyError(f"rng must be an object with a method random, such as Random(seed), not {self.rng!r}")
        if self.operation is not None:
            object.__setattr__(self, "operation", _clean_operation(self.operation))

    @property
    def stopped(self) -> Callable[[], bool] | None:
        """What asks `stop` whether everything is to end; None without one."""
        stop = self.stop
        return stop.is_set if isinstance(stop, StopEvent) else stop

    @property
    def longest_hint(self) -> float:
        """The longest hint that is followed, in seconds."""
        return DEFAULT_HINT_CAP if self.hint_cap is None else self.hint_cap

    def _check_attempt_timeout(self) -> None:
        if self.attempt_timeout is None:
            return
        object.__setattr__(self, "attempt_timeout", seconds("attempt_timeout", self.attempt_timeout))
        if self.attempt_timeout == 0:
            raise PolicyError("attempt_timeout must be above 0, which would cut every attempt short at once")
        if self.timeout is not None and self.attempt_timeout > self.timeout:
            raise PolicyError(
                f"attempt_timeout={self.attempt_timeout!r} is longer than timeout={self.timeout!r}, the time for all"
                " attempts together: shorten one or lengthen the other"
            )

    def _check_hint(self) -> None:
        if self.over_cap not in ("give_up", "cap", "ignore"):
            raise PolicyError(f"over_cap must be 'give_up', 'cap' or 'ignore', not {self.over_cap!r}")
        if self.hint is None and self.over_cap != "give_up":
            raise PolicyError(f"over_cap={self.over_cap!r} says nothing while hint is None: give a hint too")
        if self.hint_cap is None:
            return
        object.__setattr__(self, "hint_cap", seconds("hint_cap", self.hint_cap))
        if self.hint is None:
            raise PolicyError(f"hint_cap={self.hint_cap!r} says nothing while hint is None: give a hint too")


def _check_stop(stop: object) -> None:
    if isinstance(stop, type):
        raise PolicyError(f"stop must be an event itself, not its class: write {stop.__name__}()")
    if not (stop is None or isinstance(stop, StopEvent) or callable_now(stop)):
        raise PolicyError(
            "stop must be an event with is_set, such as a threading.Event, or a predicate without arguments"
            f" that is not async, not {stop!r}"
        )


def _is_one(value: object, protocol: type) -> bool:
    # A class has its methods too, and is not meant.
    return isinstance(value, protocol) and not isinstance(value, type)


def _clean_operation(operation: object) -> str:
    if not isinstance(operation, str) or not operation:
        raise PolicyError(f"operation must be a name, not {operation!r}")
    return clean_name(operation)


def _check_attempts(attempts: object) -> None:
    if attempts is None:
        return
    if isinstance(attempts, bool) or not isinstance(attempts, int):
        raise PolicyError(f"attempts must be a whole number of 1 or more, or None, not {attempts!r}")
    if attempts < 1:
        raise PolicyError(f"attempts must be at least 1, not {attempts}")
    if attempts > MOST_ATTEMPTS:
        raise PolicyError(f"attempts must be at most {MOST_ATTEMPTS}, not {attempts}: None is unlimited")
