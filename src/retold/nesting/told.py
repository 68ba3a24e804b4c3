"""Calls that exporters are told of live, as what runs inside of them sees them, in whatever task or thread.

They stand in a context variable while their function runs, which new tasks, and threads that are given the context,
have a copy of. What must stay true: a call that is over is around nobody, however long a copy lives; and a chain of
tasks, each begun inside of a call of the one before, keeps none of those calls.
"""

from __future__ import annotations

from contextvars import ContextVar


class Told:
    """One such call.

    Attributes:
        operation, max_attempts: Its name, and what its policy allows.
        outer: The call around it.
        depth: How many there are.
        over: Whether it has ended.
        suspends: Whether it may be left standing while other code of its task runs, as a block in a generator is.
    """

    __slots__ = ("depth", "max_attempts", "operation", "outer", "over", "suspends")

    def __init__(self, operation: str, max_attempts: int | None, *, suspends: bool = False) -> None:
        self.operation = operation
        self.max_attempts = max_attempts
        self.suspends = suspends
        self.over = False
        self.outer = outer = _running(_INSIDE.get())
        self.depth: int = 0 if outer is None else outer.depth + 1

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
        self.outer = _running(self.outer)


_INSIDE: ContextVar[Told | None] = ContextVar("retold_inside", default=None)


def depth_told() -> int:
    """How many such calls are around one that begins now."""
    told = _running(_INSIDE.get())
    return 0 if told is None else told.depth + 1


def trusted() -> Told | None:
    """The innermost such call that is certainly around us: one that suspends may just stand there."""
    told = _running(_INSIDE.get())
    while told is not None and told.suspends:
        told = _running(told.outer)
    return told


def _running(told: Told | None) -> Told | None:
    while told is not None and told.over:
        told = told.outer
    return told
