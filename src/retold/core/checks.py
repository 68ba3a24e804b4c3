"""The checks that options share; each message gives the rule and the value."""

from __future__ import annotations

import functools
import math
from typing import Final, cast

from retold.errors import PolicyError


def seconds(name: str, value: object) -> float:
    """`value` as a finite number of seconds, 0 or more."""
    number = usable_number(value)
    if number is None:
        raise PolicyError(f"{name} must be a finite number of seconds, 0 or more, not {value!r}{remedy(value)}")
    return number


def remedy(value: object) -> str:
    """How else to write a length of time that is no number, to end a message with; empty where it is none."""
    return ": give its total_seconds()" if hasattr(value, "total_seconds") else ""


def growth(name: str, value: object) -> float:
    """`value` as a factor by which something grows: a finite number, 1 or more."""
    number = usable_number(value)
    if number is None or number < 1:
        raise PolicyError(f"{name} must be a finite number of 1 or more, not {value!r}")
    return number


def usable_number(value: object) -> float | None:
    """`value` as a float, or None where it is no finite number of 0 or more. Never raises."""
    if isinstance(value, bool):
        return None
    if not isinstance(value, (int, float)):
        from numbers import Real  # fractions are, and what NumPy draws; most programs bring neither here

        if not isinstance(value, Real):
            return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) and number >= 0 else None


def check_condition(name: str, value: object) -> None:
    """Refuse what is no exception type, no tuple of them and no predicate."""
    if isinstance(value, type) and not issubclass(value, BaseException):
        raise PolicyError(f"{name} must name exceptions, and {value.__qualname__} is no exception")
    if isinstance(value, tuple):
        if not value:
            raise PolicyError(f"{name} must name at least one exception, not an empty tuple")
        for each in cast("tuple[object, ...]", value):
            if not (isinstance(each, type) and issubclass(each, BaseException)):
                raise PolicyError(f"{name} must name exceptions, and {each!r} is no exception type")
    elif not callable(value):
        raise PolicyError(f"{name} must be an exception type, a tuple of them or a predicate, not {value!r}")
    else:
        refuse_async(name, value)


def refuse_async(name: str, value: object) -> None:
    """Refuse a callable whose answer would have to be awaited, and never is."""
    if not callable_now(value):
        raise PolicyError(f"{name} must be a callable that is not async, for nothing awaits its answer, not {value!r}")


def callable_now(value: object) -> bool:
    """Whether it can be called for an answer, which a coroutine function cannot."""
    while isinstance(value, functools.partial):
        value = value.func
    return callable(value) and not any(
        getattr(getattr(each, "__code__", None), "co_flags", 0) & _COROUTINE for each in (value, type(value).__call__)
    )


_COROUTINE: Final = 0x80  # as `inspect` has it
