"""The demo's answers: what its upstream does with a request, chosen by chance and by the seed."""

from enum import StrEnum
from random import Random


class Answer(StrEnum):
    """What the upstream does with a request."""

    OK = "ok"
    UNAVAILABLE = "unavailable"
    RATE_LIMITED = "rate_limited"
    RESET = "reset"
    STALL = "stall"


# Each failure as often as its weight. Stalls are slow, so they stay few.
FAILURES = 4 * [Answer.UNAVAILABLE] + 2 * [Answer.RATE_LIMITED] + 2 * [Answer.RESET] + 2 * [Answer.STALL]


class Choices:
    """Chooses answers by chance, the same ones in every run of a seed.

    A route's k-th answer depends on nothing but the seed, the route, k and the failure rate.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._chances: dict[str, Random] = {}

    def answer(self, route: str, failure_rate: float) -> Answer:
        if route not in self._chances:
            self._chances[route] = Random(f"{self._seed}:{route}")
        # Draw both always: the rate at one request must not shift the answers to later ones.
        fate, failure = self._chances[route].random(), self._chances[route].random()
        return FAILURES[int(failure * len(FAILURES))] if fate < failure_rate else Answer.OK
