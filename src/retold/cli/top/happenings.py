"""What has happened lately, of which what is rare is not swept away by the rest."""

from __future__ import annotations

from collections import deque

from retold.cli.top.scene import Happening

_COMMON, _RARE = 200, 20


class Happenings:
    """The latest of them. Those that are rare are kept apart, for a storm has hundreds of the others in a second."""

    def __init__(self) -> None:
        self._common: deque[Happening] = deque(maxlen=_COMMON)
        self._rare: deque[Happening] = deque(maxlen=_RARE)

    def add(self, happening: Happening) -> None:
        """Have it be one of them."""
        (self._rare if happening.is_rare else self._common).append(happening)

    def latest(self) -> tuple[Happening, ...]:
        """All that are kept, the latest last."""
        return tuple(sorted((*self._common, *self._rare), key=lambda happening: happening.time))
