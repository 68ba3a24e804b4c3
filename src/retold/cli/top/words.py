"""Numbers as people read them."""

from __future__ import annotations

import math


def percent(share: float | None) -> str:
    """A share: 100 % only if it is all, and 0 % only if it is nothing."""
    if share is None:
        return "-"
    if share in (0, 1):
        return f"{share:.0%}"
    return f"{min(max(share, 0.001), 0.999):.1%}"


def rate(per_second: float) -> str:
    """So many a second, with as many digits as say something."""
    return f"{per_second:.0f}" if per_second >= 100 else f"{per_second:.1f}"


def times(amplification: float | None) -> str:
    """Attempts for each call."""
    return "-" if amplification is None else f"x{amplification:.2f}"


def seconds(length: float | None) -> str:
    """A length of time."""
    if length is None:
        return "-"
    if length < 1:
        return f"{length * 1000:.0f} ms"
    return f"{length:.1f} s" if length < 100 else f"{length:.0f} s"


def error(name: str) -> str:
    """A type of error in few words: its class, and the module in which it is."""
    return ".".join(name.split(".")[-2:])


def left(retries: float, capacity: float) -> str:
    """Whole retries that are left, of those that fit: a part of one is none."""
    return f"{count(math.floor(retries))} of {count(capacity)} left"


def count(number: float) -> str:
    """A count, in few characters."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if number >= size:
            return f"{number / (1e3 if letter == 'k' else size):.1f}{letter}"
    return f"{number:.0f}"
