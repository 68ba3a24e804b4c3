"""What `run` and `arun` return: how a call went, whatever became of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar, cast

from retold.events import Outcome
from retold.runners.untouched import Untouched

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Report(Generic[T]):
    """How one call went.

    Attributes:
        value: What the call returned, or its fallback's value; None if it failed without one.
        error: What the call would have raised had it not been for `run`; None if it succeeded or a fallback was
            served; `outcome` tells which.
        outcome: How it ended.
        attempts: How often the function ran.
        delays: Seconds waited before each further attempt.
        elapsed: Seconds from the start of the first attempt to the end.
        hint: Seconds that the server asked to wait, before any cap, where the call ended in place of that wait.
    """

    value: T | None
    error: Exception | None
    outcome: Outcome
    attempts: int
    delays: tuple[float, ...]
    elapsed: float
    hint: float | None = None

    def unwrap(self) -> T:
        """The value; raises the error in its place if there is one, as it is."""
        error = self.error
        if error is None:
            return cast("T", self.value)
        try:
            with Untouched(error):
                raise error
        finally:
            del self, error  # else this frame would hold the error, whose traceback holds it
