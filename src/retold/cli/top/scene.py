"""What there is to draw at one moment. Whoever watches makes it, and whoever draws reads nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from retold.cli.top.flow import Ended, Flow


class Mood(Enum):
    """How a word or number is meant."""

    GOOD = "good"
    FAIR = "fair"
    BAD = "bad"
    PLAIN = "plain"


@dataclass(frozen=True, slots=True)
class Happening:
    """Something worth a line: when, as Unix time, to which operation or process, and what.

    Attributes:
        is_rare: Whether it stays in sight for some seconds, however much happens after it.
    """

    time: float
    subject: str
    text: str
    mood: Mood = Mood.BAD
    is_rare: bool = False


@dataclass(frozen=True, slots=True)
class Key:
    """A key that does something: what in one word, what in full, and the mood of what it is about."""

    key: str
    word: str
    meaning: str
    mood: Mood = Mood.PLAIN


@dataclass(frozen=True, slots=True)
class Stock:
    """Retries that are left in a budget of calls, and how many it can hold."""

    budget: str
    left: float
    capacity: float


@dataclass(frozen=True, slots=True)
class Row:
    """One operation.

    Attributes:
        operation: Its name.
        flow: The last seconds.
        give_ups: By outcome, since its processes began.
        active: Calls under way.
        waiting: Of these, asleep between two attempts.
        past: How calls and attempts ended, moment by moment, the latest last.
    """

    operation: str
    flow: Flow
    give_ups: dict[str, float]
    active: float
    waiting: float
    past: tuple[Ended, ...]


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything at one moment.

    Attributes:
        title: The command.
        target: What is looked at.
        time: Unix time.
        state: How well it can be seen, in a few words.
        mood: Whether that is good.
        everything: All operations together.
        rows: Each, by name.
        every: Seconds from one moment of `past` to the next.
        moments: How many there were; it says which of `past` are drawn together, so that lines move and do not shimmer.
        budgets: Those with least first.
        happenings: The latest last.
        advice: What to do where there is nothing to see.
        said: More on what goes on just now.
        keys: Keys beside the view's own.
    """

    title: str
    target: str
    time: float
    state: str
    mood: Mood
    everything: Row
    rows: tuple[Row, ...]
    every: float
    moments: int
    budgets: tuple[Stock, ...] = ()
    happenings: tuple[Happening, ...] = ()
    advice: str = ""
    said: str = ""
    keys: tuple[Key, ...] = ()
