"""What the language model does with a request, and how often."""

from enum import StrEnum

from retold.cli.demo.worlds.choices import Choices


class Answer(StrEnum):
    """What the language model does with a request; its limits are no matter of chance."""

    OK = "ok"
    RATE_LIMITED = "rate_limited"
    OVERLOADED = "overloaded"
    STALL = "stall"


# Stalls are slow, so they stay few.
FAILURES = 4 * [Answer.OVERLOADED] + [Answer.STALL]


def choices(seed: int) -> Choices[Answer]:
    """The answers of a seed, to the requests that are within the limits."""
    return Choices(seed, Answer.OK, FAILURES)
