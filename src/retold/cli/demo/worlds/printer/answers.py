"""What the label printer does with a frame, and how often."""

from enum import StrEnum

from retold.cli.demo.worlds.choices import Choices


class Answer(StrEnum):
    """What the printer does with a frame that it has received whole."""

    OK = "ok"
    """Prints, and says so."""
    LATE = "late"
    """Prints, and says so when nobody waits any more."""
    GARBLED = "garbled"
    """Prints, and says so, but the answer's checksum is wrong."""
    BUSY = "busy"
    BAD = "bad"
    """Says that the frame's checksum was wrong, as if the cable had garbled it."""
    DROPPED = "dropped"
    """Says nothing, as if the frame had not come."""
    GONE = "gone"
    """Vanishes, as if it had been unplugged, and comes back after a while."""


PRINTING = frozenset({Answer.OK, Answer.LATE, Answer.GARBLED})

# Silence is slow, so it stays rare.
FAILURES = [
    *(3 * [Answer.BUSY] + 2 * [Answer.BAD] + 2 * [Answer.GARBLED]),
    *(Answer.DROPPED, Answer.LATE, Answer.GONE),
]


def choices(seed: int) -> Choices[Answer]:
    """The answers of a seed."""
    return Choices(seed, Answer.OK, FAILURES)
