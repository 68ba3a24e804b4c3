"""A long script of calls that end in every way, the same whenever it is written with the same seed."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

from retold import Budget, Policy, RejectedResult
from retold.telemetry import MAX_ATTEMPT_SPANS
from tests.laws.strand import CLOCK

OPERATIONS = ("shop.fetch", "shop.pay", "shop.ship")
FORMS = ("decorated", "called", "run", "block", "left")
# How attempts end, with how many of a hundred do.
KINDS = {
    "success": 60,
    "error": 14,
    "timeout": 8,
    "rejected": 4,
    "again": 3,
    "not retryable": 3,
    "aborted": 2,
    "cancelled": 3,
    "cancelled in the wait": 3,
}
NESTED = 0.15
"""How many attempts make a call of their own."""
BUDGETS = {"shop.fetch": "shop", "shop.pay": "bank", "shop.ship": "shop"}
"""The names of the budgets that policies of an operation share, those which have one."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What one attempt does: it takes some seconds, makes a call, and ends."""

    kind: str
    seconds: float
    inner: Step | None


@dataclass(frozen=True, slots=True)
class Step:
    """One call: by which of the policies, in which form, and what its attempts do; the last turn goes on for ever."""

    policy: int
    form: str
    turns: tuple[Turn, ...]

    def attempts(self) -> Iterator[Turn]:
        return itertools.chain(self.turns, itertools.repeat(self.turns[-1]))

    def size(self) -> int:
        """How many calls this is at most, the nested ones included, if no turn comes twice."""
        return 1 + sum(turn.inner.size() for turn in self.turns if turn.inner is not None)


def policies(seed: int, count: int = 60) -> list[Policy[Any]]:
    """Policies of all kinds, which share budgets of their own.

    Seconds and retries are sums of powers of two, so that adding them up is exact in any order.
    """
    chance = Random(seed)
    budgets = {
        "shop": Budget("shop", ratio=0.125, min_per_second=1 / 64, capacity=5),
        "bank": Budget("bank", ratio=0.0625, min_per_second=1 / 64, capacity=3.5),
    }
    made = []
    for number in range(count):
        operation = OPERATIONS[number % len(OPERATIONS)]
        made.append(_policy(chance, operation, chance.choice([None, budgets[BUDGETS[operation]]])))
    return [made[0].replace(attempts=MAX_ATTEMPT_SPANS + 3, timeout=None, backoff=0.25), *made[1:]]


def script(seed: int, calls: int, choices: int) -> list[Step]:
    """So many calls, the nested ones not counted, by so many policies."""
    chance = Random(seed)
    return [_step(chance, choices, depth=0) for _ in range(calls)]


def _policy(chance: Random, operation: str, budget: Budget | None) -> Policy[Any]:
    advice = chance.choice([None, None, 0.25, 90.0])
    options: dict[str, Any] = {"fallback": lambda error: "old page"} if chance.random() < 0.2 else {}
    return Policy(
        on=OSError,
        on_result=lambda page: page == "",
        attempts=chance.choice([1, 2, 3, 4]),
        timeout=chance.choice([None, 1.5, 30.0]),
        backoff=chance.choice([0.0, 0.25, 1.0, 2.0]),
        hint=(lambda failure: advice if isinstance(failure, (TimeoutError, RejectedResult)) else None),
        budget=budget,
        operation=operation,
        clock=CLOCK,
        **options,
    )


def _step(chance: Random, choices: int, depth: int) -> Step:
    turns = tuple(_turn(chance, choices, depth) for _ in range(chance.choice([1, 1, 2, 3, 5])))
    return Step(chance.randrange(choices), chance.choice(FORMS), turns)


def _turn(chance: Random, choices: int, depth: int) -> Turn:
    [kind] = chance.choices(list(KINDS), list(KINDS.values()))
    nested = depth < 2 and chance.random() < NESTED
    return Turn(kind, chance.choice([0.0, 0.125, 0.5]), _step(chance, choices, depth + 1) if nested else None)
