"""Interleaved, paired comparison: ratios that hold on a noisy machine.

A machine that slows down for a while slows whatever happens to run. So all contenders of a row take turns within one
process, in a new order each time, and each is divided by the unit of the same round: what both suffered cancels
out. A round has a few turns, of which the quickest counts, for a neighbour on the same core can halve the speed from
one millisecond to the next. The median over rounds drops what remains. A process has luck of its own (addresses,
hash seeds), which no number of rounds removes: the median is taken again over fresh processes, and their spread shown.
"""

from __future__ import annotations

import gc
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from random import Random
from statistics import median
from typing import TypeAlias

Sample: TypeAlias = Callable[[], float]
"""Measures once: the cost of one operation, in seconds or bytes."""


@dataclass(frozen=True, slots=True)
class Figure:
    """What one contender costs.

    Attributes:
        ratio: Its cost, where the unit's is 1.
        cost: The same in seconds or bytes.
        low, high: The least and the greatest ratio of any process.
    """

    ratio: float
    cost: float
    low: float
    high: float


def compare(samples: Mapping[str, Sample], unit: str, *, rounds: int, turns: int, rng: Random) -> dict[str, Figure]:
    """Let the contenders of one process take turns.

    Args:
        samples: The contenders by name.
        unit: The name of the one whose cost is 1.
        rounds: How often each is compared with the unit.
        turns: How often each is measured in a round; the least counts.
        rng: Decides who goes first.
    """
    costs: dict[str, list[float]] = {name: [] for name in samples}
    for _ in range(rounds):
        for name, cost in _round(samples, turns, rng).items():
            costs[name].append(cost)
    return {name: paired(costs[name], costs[unit]) for name in samples}


def _round(samples: Mapping[str, Sample], turns: int, rng: Random) -> dict[str, float]:
    least = dict.fromkeys(samples, math.inf)
    for _ in range(turns):
        for name in shuffled(samples, rng):
            least[name] = min(least[name], undisturbed(samples[name]))
    return least


def paired(costs: Iterable[float], units: Iterable[float]) -> Figure:
    """The figure of one process: the median of the ratios within rounds."""
    costs = list(costs)
    ratio = median(cost / unit for cost, unit in zip(costs, units, strict=True))
    return Figure(ratio, median(costs), ratio, ratio)


def combined(figures: Iterable[Figure]) -> Figure:
    """The figure of several processes: the median of theirs, and how far they are apart."""
    figures = list(figures)
    return Figure(
        ratio=median(each.ratio for each in figures),
        cost=median(each.cost for each in figures),
        low=min(each.low for each in figures),
        high=max(each.high for each in figures),
    )


def shuffled(names: Iterable[str], rng: Random) -> list[str]:
    """The names in a random order."""
    order = list(names)
    rng.shuffle(order)
    return order


def undisturbed(sample: Sample) -> float:
    """Measure without a run of the garbage collector in between, as `timeit` does."""
    collects = gc.isenabled()
    gc.disable()
    try:
        return sample()
    finally:
        if collects:
            gc.enable()
