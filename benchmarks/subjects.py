"""The functions that are called: as little as there can be, so that what is measured is around them."""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain, cycle, repeat
from typing import Any, TypeAlias

Function: TypeAlias = Callable[..., Any]
Decorator: TypeAlias = Callable[[Function], Function]

ATTEMPTS = 5
"""How often a function is called at most, in every row."""

DEADLINE = 60.0
"""Seconds, where a row has a deadline."""


class Unavailable(Exception):
    """The one exception that is retried."""


def is_unavailable(error: BaseException) -> bool:
    """The predicate of the rows that have one."""
    return isinstance(error, Unavailable)


def returns(x: object) -> object:
    """Succeed at once."""
    return x


def returns_pair(a: object, b: object = 2) -> object:
    """Succeed at once; called with a keyword."""
    return a


async def returns_async(x: object) -> object:
    """Succeed at once."""
    return x


def fails_twice() -> Function:
    """A function of which every third call succeeds."""
    turns = cycle((True, True, False))

    def fetch(x: object) -> object:
        if next(turns):
            raise Unavailable
        return x

    return fetch


def always_fails(x: object) -> object:
    """Never succeed."""
    raise Unavailable


def fails_first(count: int) -> Function:
    """A coroutine function of which the first `count` calls fail."""
    turns = chain(repeat(True, count), repeat(False))

    async def fetch(x: object) -> object:
        if next(turns):
            raise Unavailable
        return x

    return fetch
