"""The checks that options share; each message gives the rule and the value."""

from __future__ import annotations

import math

from retold.errors import PolicyError


def seconds(name: str, value: object) -> float:
    """`value` as a finite number of seconds, 0 or more."""
    number = usable_number(value)
    if number is None:
        raise PolicyError(f"{name} must be a finite number of seconds, 0 or more, not {value!r}")
    return number


def usable_number(value: object) -> float | None:
    """`value` as a float, or None where it is no finite number of 0 or more. Never raises."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) and number >= 0 else None
