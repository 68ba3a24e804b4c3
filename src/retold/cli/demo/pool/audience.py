"""Calls in a worker, played to the listeners of this process as though they had been made here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, assert_never

from retold import AttemptEnded, AttemptStarted, CallEnded, CallStarted, RetryScheduled
from retold.cli.demo.pool.listener import Listener
from retold.cli.demo.pool.relay import Event


@dataclass(slots=True)
class _Call:
    operation: str
    states: list[Any]
    in_attempt: bool = False


class Audience:
    """Those who hear of one worker's calls. Not for two threads at once."""

    def __init__(self, listeners: Sequence[Listener]) -> None:
        self._listeners = listeners
        self._calls: dict[int, _Call] = {}

    def hear(self, number: int, event: Event) -> None:
        """Tell an event of the call that has this number."""
        if isinstance(event, CallStarted):
            states = [listener.call_started(event) for listener in self._listeners]
            self._calls[number] = _Call(event.operation, states)
            return
        call = self._calls[number]
        call.in_attempt = isinstance(event, AttemptStarted)
        for listener, state in zip(self._listeners, call.states, strict=True):
            match event:
                case AttemptStarted():
                    listener.attempt_started(state, event)
                case AttemptEnded():
                    listener.attempt_ended(state, event)
                case RetryScheduled():
                    listener.retry_scheduled(state, event)
                case CallEnded():
                    listener.call_ended(state, event)
                case _:
                    assert_never(event)
        if isinstance(event, CallEnded):
            del self._calls[number]

    def leave(self) -> None:
        """The worker is gone: what it had under way is lost."""
        for call in self._calls.values():
            for listener, state in zip(self._listeners, call.states, strict=True):
                listener.call_lost(state, call.operation, in_attempt=call.in_attempt)
        self._calls.clear()
