"""What exporters make current for an attempt, set aside while a generator is suspended.

A generator runs in the context of whoever iterates it, a step at a time. What is current in its attempt, such as a
span, must be so in each step, and never in between: there it would be the consumer's, whose calls are none of the
generator's.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import Context, ContextVar, Token, copy_context
from typing import Any, Final


class Current:
    """Context variables that were changed by the start of an attempt. `with` around each step sets them again."""

    __slots__ = ("_began", "_outer", "_values")

    def __init__(self) -> None:
        self._values: dict[ContextVar[Any], Any] = {}
        self._outer: list[tuple[ContextVar[Any], Token[Any]]] = []
        self._began: Token[None] | None = None

    @contextmanager
    def starting(self) -> Iterator[None]:
        """Around the start of an attempt: remembers what it changed, and takes that back."""
        self._began = _HERE.set(None)
        before = copy_context()
        try:
            yield
        finally:
            self._values = {
                variable: value
                for variable, value in copy_context().items()
                if before.get(variable, before) is not value
            }
            for variable in self._values:
                _take_back(variable, before)

    def __enter__(self) -> None:
        self._outer = [(variable, variable.set(value)) for variable, value in self._values.items()]

    def __exit__(self, *_: object) -> None:
        outer, self._outer = self._outer, []
        for variable, token in outer:
            # What the generator has made current in this step is its own: with the rest, it is so in the next.
            self._values[variable] = variable.get()
            variable.reset(token)

    @contextmanager
    def ending(self) -> Iterator[None]:
        """Around the end of an attempt, which exporters take back themselves what they had made current.

        They cannot where another task or thread ends it than the one that began it; there, none of it is current.
        """
        values, self._values = (self._values if self._is_here() else {}), {}
        before = copy_context()
        for variable, value in values.items():
            variable.set(value)
        try:
            yield
        finally:
            for variable in values:
                _take_back(variable, before)

    def _is_here(self) -> bool:
        assert self._began is not None
        try:
            _HERE.reset(self._began)
        except ValueError:  # a token is good for its own context alone
            return False
        return True


def _take_back(variable: ContextVar[Any], before: Context) -> None:
    """Give a variable the value that it had, or its default; without either it keeps what it has."""
    try:
        variable.set(before.run(variable.get))
    except LookupError:
        return


_HERE: Final[ContextVar[None]] = ContextVar("retold_here")
