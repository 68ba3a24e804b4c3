"""Whether a call runs inside of another, as it finds out when it has a reason to ask."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from retold.nesting.stack import Entered, Outer, expect_blocks, on_stack
from retold.nesting.told import Told, depth_told, innermost, on_record

__all__ = ["Entered", "Outer", "Told", "depth", "depth_told", "expect_blocks", "innermost", "retrying_outer"]


def retrying_outer() -> Outer | None:
    """The innermost call around the one that asks that may retry; those that only exporters know of come last."""
    # Frames are made as they are looked at, so begin with whoever asks on behalf of the call.
    for outer in on_stack(sys._getframe(2)):
        if outer.max_attempts != 1:
            return outer
    if innermost() is not None:
        for outer in _certain():
            if outer.max_attempts != 1:
                return outer
    return None


def depth() -> int:
    """How many calls are around the one that asks."""
    return max(sum(1 for _ in on_stack(sys._getframe(1))), sum(1 for _ in _certain()))


def _certain() -> Iterator[Outer]:
    """The calls on record that are certainly around us: one that suspends may just stand there."""
    return (Outer(told.operation, told.max_attempts) for told in on_record() if not told.suspends)
