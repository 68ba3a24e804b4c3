"""Generators of both kinds behind one face, so that one test runs on both."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Generator, Sequence
from typing import Any

from tests.forms import drive


class Iteration:
    """A generator that is being consumed: the four things that a consumer can do, without waiting for anybody."""

    def __init__(self, made: Any) -> None:
        self.made = made
        self._is_async = hasattr(made, "asend")

    def send(self, value: object = None) -> Any:
        """What it yields next; `END` when it is over."""
        return self._step("send", value)

    def throw(self, error: BaseException) -> Any:
        """What it yields when this is thrown into it."""
        return self._step("throw", error)

    def close(self) -> None:
        """Its consumer loses interest."""
        if self._is_async:
            drive(self.made.aclose())
        else:
            self.made.close()

    def _step(self, name: str, value: object) -> Any:
        try:
            if not self._is_async:
                return getattr(self.made, name)(value)
            return drive(_awaited(getattr(self.made, f"a{name}")(value)))
        except (StopIteration, StopAsyncIteration):
            return END

    def items(self) -> list[Any]:
        """All that is left."""
        got: list[Any] = []
        while True:
            item = self.send()
            if item is END:
                return got
            got.append(item)


END = object()
"""What `send` returns of a generator that is over."""


async def _awaited(step: Any) -> Any:
    return await step


class Runs:
    """What a generator does in each of its runs: items that it yields, exceptions that it raises.

    Attributes:
        started: How many runs there were.
        closed: How many of them were closed while they yielded.
        sent: What they were sent, None left out.
    """

    def __init__(self, *runs: Sequence[object]) -> None:
        self._runs = iter(runs)
        self.started = 0
        self.closed = 0
        self.sent: list[object] = []

    def function(self, kind: str, *, each: Callable[[object], object] = lambda item: item) -> Any:
        """A generator function, `sync` or `async`; `each` is called in it before every item."""

        def generated() -> Generator[object, object, None]:
            self.started += 1
            for item in next(self._runs):
                if isinstance(item, BaseException):
                    raise item
                each(item)
                try:
                    given = yield item
                except GeneratorExit:
                    self.closed += 1
                    raise
                if given is not None:
                    self.sent.append(given)

        async def agenerated() -> AsyncGenerator[object, object]:
            self.started += 1
            for item in next(self._runs):
                if isinstance(item, BaseException):
                    raise item
                each(item)
                try:
                    given = yield item
                except GeneratorExit:
                    self.closed += 1
                    raise
                if given is not None:
                    self.sent.append(given)

        return generated if kind == "sync" else agenerated
