"""Chance that leaves nothing to chance."""

import math


class Luck:
    """Chance that always gives the same number."""

    def __init__(self, number: float) -> None:
        self._number = number

    def random(self) -> float:
        return self._number


LEAST, GREATEST = Luck(0.0), Luck(math.nextafter(1.0, 0.0))
