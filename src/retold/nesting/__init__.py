"""Whether a call runs inside of another, as it finds out when it has a reason to ask."""

from __future__ import annotations

from collections.abc import Iterator

from retold.nesting.stack import Entered, Outer, expect_blocks, on_stack
from retold.nesting.told import Told, depth_told, innermost, on_record

__all__ = ["Entered", "Outer", "Told", "depth", "depth_told", "expect_blocks", "innermost", "outers"]


def outers() -> Iterator[Outer]:
    """The calls around the one that asks, the innermost first; those that only exporters know of after all others."""
    yield from on_stack()
    yield from _certain()


def depth() -> int:
    """How many calls are around the one that asks."""
    return max(sum(1 for _ in on_stack()), sum(1 for _ in _certain()))


def _certain() -> Iterator[Outer]:
    """The calls on record that are certainly around us: one that suspends may just stand there."""
    return (Outer(told.operation, told.max_attempts) for told in on_record() if not told.suspends)
