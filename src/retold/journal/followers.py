"""Those who are told of every change while the journal is folded."""

from __future__ import annotations

from collections.abc import Sequence

from retold.journal.histogram import Labels
from retold.telemetry import Metric


class Follower:
    """Told of changes, under the journal's lock: it must be quick, and must not call anything that makes a call.

    Attributes:
        immediate: Whether it has to be told of every entry at once, by whoever writes it.
    """

    immediate = False

    def counted(self, metric: Metric, labels: Labels, count: int) -> None:
        """A counter grew by `count`; by 0 when it came to be."""

    def observed(self, metric: Metric, labels: Labels, values: Sequence[float]) -> None:
        """A histogram was given values, which are in order and stay as they are."""

    def stands(self, metric: Metric, labels: Labels, value: float) -> None:
        """A gauge stands at `value`."""

    def restart(self) -> None:
        """This is a forked child, where everything is 0 and nothing has been told."""


class Followers:
    """All of them, where everybody who changes a number finds them.

    Attributes:
        all: Replaced whole by `become`, so that one may come or go while the others are told.
        counting: Those that would do anything about a counter: the others are spared the time of a fold.
    """

    __slots__ = ("all", "counting")

    def __init__(self) -> None:
        self.become(())

    def become(self, followers: tuple[Follower, ...]) -> None:
        """Tell these from now on."""
        self.all = followers
        self.counting = tuple(each for each in followers if type(each).counted is not Follower.counted)
