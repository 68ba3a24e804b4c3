"""Whether a call runs inside of another, as it finds out when it has a reason to ask."""

from __future__ import annotations

from collections.abc import Iterator

from retold.nesting.stack import Entered, Outer, on_stack
from retold.nesting.told import Told, depth_told, trusted

__all__ = ["Entered", "Outer", "Told", "depth", "depth_told", "outers"]


def outers() -> Iterator[Outer]:
    """The calls around the one that asks, the innermost first; those that only exporters know of after all others."""
    yield from on_stack()
    told = trusted()
    while told is not None:
        yield Outer(told.operation, told.max_attempts)
        told = told.outer


def depth() -> int:
    """How many calls are around the one that asks."""
    told = trusted()
    return max(sum(1 for _ in on_stack()), 0 if told is None else told.depth + 1)
