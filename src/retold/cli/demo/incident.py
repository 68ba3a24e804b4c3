"""The demo's incident: its phases, and how often worlds fail in each.

Worlds fail by it and the demo's table tells its phases, so both read them here.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

# A third of the attempts fail, but next to no call fails all of its own: retries hide the trouble from users.
DEGRADING_RATE = 0.35
# Nearly every attempt fails, so most calls run out of attempts: retries can no longer hide it.
OUTAGE_RATE = 0.95
# It is back, but drowns in the retries of those who waited: most attempts fail, and every fifth call.
STORM_RATE = 0.7
DEGRADES_FOR = 15.0
"""Seconds that an incident by hand degrades before it is an outage."""


class Phase(StrEnum):
    """Where a moment lies in relation to the incident."""

    BEFORE = "before"
    DEGRADING = "degrading"
    OUTAGE = "outage"
    STORM = "storm"
    AFTER = "after"


@dataclass(frozen=True, slots=True)
class Incident:
    """A time of trouble in thirds: a world degrades, is all but down, and drowns in retries when it comes back.

    Args:
        at: Seconds from the start of the load to the incident's first moment.
        lasts: Seconds from its first moment to the first moment after it.
    """

    at: float
    lasts: float

    def phase(self, elapsed: float) -> Phase:
        """The phase that holds `elapsed` seconds from the start; each begins with its first moment."""
        if elapsed < self.at:
            return Phase.BEFORE
        if elapsed < self.at + self.lasts / 3:
            return Phase.DEGRADING
        if elapsed < self.at + self.lasts * 2 / 3:
            return Phase.OUTAGE
        if elapsed < self.at + self.lasts:
            return Phase.STORM
        return Phase.AFTER

    def failure_rate(self, elapsed: float, usual: float) -> float:
        """The share of requests that fail `elapsed` seconds from the start: never below `usual`."""
        return _failure_rate(self.phase(elapsed), usual)


@dataclass(frozen=True, slots=True)
class ByHand:
    """A time of trouble that somebody switches on: a world degrades, and then is all but down until it is over.

    Args:
        at: The moment at which it was switched on, in seconds on any clock.
    """

    at: float

    def phase(self, now: float) -> Phase:
        """The phase that holds the moment `now` on that clock."""
        return Phase.DEGRADING if now < self.at + DEGRADES_FOR else Phase.OUTAGE

    def failure_rate(self, now: float, usual: float) -> float:
        """The share of requests that fail now: never below `usual`."""
        return _failure_rate(self.phase(now), usual)


def _failure_rate(phase: Phase, usual: float) -> float:
    match phase:
        case Phase.BEFORE | Phase.AFTER:
            return usual
        case Phase.DEGRADING:
            return max(usual, DEGRADING_RATE)
        case Phase.OUTAGE:
            return max(usual, OUTAGE_RATE)
        case Phase.STORM:
            return max(usual, STORM_RATE)
        case _:
            assert_never(phase)
