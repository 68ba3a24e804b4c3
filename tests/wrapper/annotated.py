"""Decorated functions with annotations that are kept as text."""

from __future__ import annotations

from retold import Policy
from retold.testing import ManualClock

policy = Policy(on=OSError, clock=ManualClock())


class Thing:
    """Something that annotations speak of."""


@policy
def plain(thing: Thing, /, times: int = 2, *more: str, key: bool = False, **rest: float) -> list[Thing]:
    """Repeat a thing."""
    return [thing] * times


@policy
async def awaited(thing: Thing) -> Thing:
    """Return a thing."""
    return thing
