"""An exporter that can also be told of calls in other processes, which may be killed in the middle of one."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

from retold import Exporter


class Listener(Exporter):
    """Told of everything at its moment, and of calls that were lost with their process."""

    live = True

    @abstractmethod
    def call_lost(self, state: Any, operation: str, *, in_attempt: bool) -> None:
        """Take that a call will not end, for its process has been killed: in an attempt, or between two."""
