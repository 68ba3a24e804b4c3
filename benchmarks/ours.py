"""Retold as it is used: the policies of the rows, and the exporters that are on."""

from __future__ import annotations

from typing import Any

import retold
from benchmarks.subjects import ATTEMPTS, DEADLINE, Decorator, Unavailable, is_unavailable


def silent() -> None:
    """Export nothing."""
    retold.configure(exporters=[])


def plain(wait: float = 0.0) -> retold.Policy[Any]:
    """One exception class, the same wait each time."""
    return retold.Policy(on=Unavailable, attempts=ATTEMPTS, backoff=wait)


def careful() -> Decorator:
    """What a service has: jitter, a deadline and a predicate."""
    return retold.Policy(
        on=is_unavailable, attempts=ATTEMPTS, timeout=DEADLINE, backoff=retold.Exponential(0.1, cap=10.0)
    )


def with_budget() -> Decorator:
    """One exception class and a budget, for as many retries as there are."""
    budget = retold.Budget("bench", ratio=ATTEMPTS)
    return retold.Policy(on=Unavailable, attempts=ATTEMPTS, backoff=0, budget=budget)


def with_timeout() -> Decorator:
    """One exception class and a deadline."""
    return retold.Policy(on=Unavailable, attempts=ATTEMPTS, timeout=DEADLINE, backoff=0)
