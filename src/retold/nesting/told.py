"""Calls that exporters are told of live, as what runs inside of them sees them, in whatever task or thread.

They stand in a context variable while their function runs, which new tasks, and threads that are given the context,
have a copy of. What must stay true: a call that is over is around nobody, however long a copy lives; and a chain of
tasks, each begun inside of a call of the one before, keeps none of those calls.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextvars import ContextVar


class Told:
    """One such call. Whatever tells of calls is one, and sets what is declared here.

    Attributes:
        operation, max_attempts: Its name, and what its policy allows.
        outer: The call around it when it began.
        over: Whether it has ended.
        suspends: Whether it may be left standing while other code of its task runs, as a block in a generator is.
    """

    __slots__ = ("max_attempts", "operation", "outer", "over", "suspends")
    operation: str
    max_attempts: int | None
    outer: Told | None
    over: bool
    suspends: bool

    def enter(self) -> None:
        """Its function is about to run."""
        _INSIDE.set(self)

    def leave(self) -> None:
        """Its function has run. A block may be left in another context, where it does not stand."""
        if _INSIDE.get() is self:
            _INSIDE.set(self.outer)

    def end(self) -> None:
        """It is over."""
        self.over = True
        if self.outer is not None:
            self.outer = _running(self.outer)


_INSIDE: ContextVar[Told | None] = ContextVar("retold_inside", default=None)


def innermost() -> Told | None:
    """The innermost such call around us that is not over."""
    told = _INSIDE.get()
    return None if told is None else _running(told)


def on_record() -> Iterator[Told]:
    """Such calls around us, the innermost first."""
    told = innermost()
    while told is not None:
        yield told
        told = _running(told.outer)


def depth_told() -> int:
    """How many such calls are around one that begins now."""
    return 0 if _INSIDE.get() is None else sum(1 for _ in on_record())


def _running(told: Told | None) -> Told | None:
    while told is not None and told.over:
        told = told.outer
    return told
