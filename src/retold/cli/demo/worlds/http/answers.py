"""What the upstream does with a request, and how often."""

from enum import StrEnum

from retold.cli.demo.worlds.choices import Choices


class Answer(StrEnum):
    """What the upstream does with a request."""

    OK = "ok"
    UNAVAILABLE = "unavailable"
    RATE_LIMITED = "rate_limited"
    RESET = "reset"
    STALL = "stall"


# Stalls are slow, so they stay few.
FAILURES = 4 * [Answer.UNAVAILABLE] + 2 * [Answer.RATE_LIMITED] + 2 * [Answer.RESET] + 2 * [Answer.STALL]


def choices(seed: int) -> Choices[Answer]:
    """The answers of a seed, by route."""
    return Choices(seed, Answer.OK, FAILURES)
