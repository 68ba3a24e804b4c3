"""A world's choices: what it does with what is asked of it, decided by chance and by the seed."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from random import Random
from typing import Generic, TypeVar

Answer = TypeVar("Answer", bound=StrEnum)


class Choices(Generic[Answer]):
    """Chooses answers by chance, the same ones in every run of a seed.

    A route's k-th answer depends on nothing but the seed, the route, k and the failure rate.

    Args:
        seed: Decides all of them.
        well: The answer that is no failure.
        failures: Each failure as often as its weight.
    """

    def __init__(self, seed: int, well: Answer, failures: Sequence[Answer]) -> None:
        self._seed = seed
        self._well = well
        self._failures = failures
        self._chances: dict[str, Random] = {}

    def answer(self, route: str, failure_rate: float) -> Answer:
        if route not in self._chances:
            self._chances[route] = Random(f"{self._seed}:{route}")
        # Draw both always: the rate at one request must not shift the answers to later ones.
        fate, failure = self._chances[route].random(), self._chances[route].random()
        return self._failures[int(failure * len(self._failures))] if fate < failure_rate else self._well
