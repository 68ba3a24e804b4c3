"""What `run` and `arun` return: how a call went, whatever became of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from retold.events import Outcome

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
    """

    value: T | None
    error: Exception | None
    outcome: Outcome
    attempts: int
    delays: tuple[float, ...]
    elapsed: float
