"""The ways in which calls go, all of which an exporter must be told of without doing wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias, TypeVar

from retold.testing.faults import Found
from retold.testing.watched import Watched

Lifecycle: TypeAlias = Callable[[Found, Watched], None]
L = TypeVar("L", bound=Lifecycle)


class Lifecycles(dict[str, Lifecycle]):
    """Some of them, by what they are called in reports."""

    def called(self, name: str) -> Callable[[L], L]:
        """Put a function among them, as its decorator."""

        def add(play: L) -> L:
            self[name] = play
            return play

        return add
