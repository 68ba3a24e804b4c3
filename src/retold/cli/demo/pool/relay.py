"""What workers and their parent say to each other, over a worker's two pipes.

To a worker go lines: `17 00-...-01` has it take paper 17 under that trace context, `17` without one, and `stop` has it
end its waits. Back come pickled messages. Each is one write and is never kept for later, so a worker that is killed
has said all that happened before.
"""

from __future__ import annotations

import os
import pickle
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from typing import IO, TypeAlias

from retold import AttemptEnded, AttemptStarted, CallEnded, CallStarted, Exporter, RetryScheduled

Event: TypeAlias = CallStarted | AttemptStarted | AttemptEnded | RetryScheduled | CallEnded


@dataclass(frozen=True, slots=True)
class Ready:
    """The worker takes papers from now on."""


@dataclass(frozen=True, slots=True)
class Told:
    """An event of one of its calls, which are numbered."""

    call: int
    event: Event


@dataclass(frozen=True, slots=True)
class Done:
    """A paper has been taken through all stages."""

    paper: int


@dataclass(frozen=True, slots=True)
class Farewell:
    """The worker ends, as it was asked to: so many spans were delivered, and so many could not be."""

    delivered: int
    lost: int


Message: TypeAlias = Ready | Told | Done | Farewell


class Outbox:
    """A worker's end of the pipe to its parent; for all of its threads."""

    def __init__(self, pipe: int) -> None:
        self._pipe = pipe
        self._lock = threading.Lock()

    def put(self, message: Message) -> None:
        """Say something; a parent that has ended hears nothing."""
        left = memoryview(pickle.dumps(message))
        with self._lock, suppress(BrokenPipeError):
            while left:
                left = left[os.write(self._pipe, left) :]


def messages(pipe: IO[bytes]) -> Iterator[Message]:
    """What a worker says, until it ends; half a message, of one that was killed, is none."""
    while True:
        try:
            yield pickle.load(pipe)
        except (EOFError, pickle.UnpicklingError):
            return


class Relay(Exporter):
    """Tells the parent of every event, but for the error itself, which may not be for pickling."""

    name = "relay"
    live = True

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._calls = count()

    def call_started(self, event: CallStarted) -> int:
        call = next(self._calls)
        self._outbox.put(Told(call, event))
        return call

    def attempt_started(self, state: int, event: AttemptStarted) -> None:
        self._outbox.put(Told(state, event))

    def attempt_ended(self, state: int, event: AttemptEnded) -> None:
        self._outbox.put(Told(state, event._replace(error=None)))

    def retry_scheduled(self, state: int, event: RetryScheduled) -> None:
        self._outbox.put(Told(state, event))

    def call_ended(self, state: int, event: CallEnded) -> None:
        self._outbox.put(Told(state, event))
