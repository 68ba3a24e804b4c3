"""The options of a policy as type checkers see them where they are passed on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypedDict

from retold.core.backoff import Backoff
from retold.core.budget import Budget
from retold.core.ports import Clock, Rng, Stop
from retold.core.rules import GeneratorMode, OverCap
from retold.events import CallEnded, RetryScheduled


class Options(TypedDict, total=False):
    """The options of a policy, as `Policy` documents them; `fallback` is not among them, for it sets a type."""

    on: type[BaseException] | tuple[type[BaseException], ...] | Callable[[Exception], object] | None
    on_result: Callable[[Any], object] | None
    attempts: int | None
    timeout: float | None
    attempt_timeout: float | None
    stop: Stop | None
    backoff: Backoff | float | Sequence[float] | Callable[[int], float]
    hint: Callable[[Any], float | None] | None
    hint_cap: float | None
    over_cap: OverCap
    budget: Budget | None
    generator: GeneratorMode | None
    on_retry: Callable[[RetryScheduled], object] | None
    on_give_up: Callable[[CallEnded], object] | None
    on_success: Callable[[CallEnded], object] | None
    operation: str | None
    clock: Clock | None
    rng: Rng | None
