"""The two loops of the block form, stepped through by hand."""

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, TypeAlias

from retold import Attempt, Policy
from tests.forms import drive


class Attempts:
    """Steps through the attempts of a policy by hand; the same for `for` and `async for`."""

    def __init__(self, iterator: Iterator[Attempt] | AsyncIterator[Attempt]) -> None:
        self.iterator = iterator

    def next(self) -> Attempt | None:
        """The next attempt; None at the end."""
        if isinstance(self.iterator, Iterator):
            return next(self.iterator, None)

        async def step(iterator: AsyncIterator[Attempt]) -> Attempt | None:
            return await anext(iterator, None)

        return drive(step(self.iterator))

    def offered(self) -> Attempt:
        """The next attempt, which there is."""
        attempt = self.next()
        assert attempt is not None
        return attempt


def fail(attempt: Attempt) -> None:
    with attempt:
        raise OSError


def succeed(attempt: Attempt) -> None:
    with attempt:
        pass


Begin: TypeAlias = Callable[[Policy[Any]], Attempts]
