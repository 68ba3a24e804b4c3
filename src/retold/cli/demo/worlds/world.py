"""What a world is to the demo: a process, jobs for each paper, and what both sides counted, compared."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

from retold.cli.demo.incident import Incident
from retold.cli.demo.tally import Count
from retold.cli.demo.threads import Threads
from retold.cli.demo.worlds.held import Counted, Held


@dataclass(slots=True)
class Paper:
    """A paper on its way: what is known of it so far.

    A step that gave up leaves its part out, and the steps after it do with what there is.
    """

    number: int
    text: str = ""
    summary: str | None = None

    @property
    def title(self) -> str:
        return f"Paper {self.number}"


Step = Callable[[Paper], Awaitable[object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What all worlds of a run are told.

    Args:
        folder: Where each writes what it counts.
        seed: Decides all choices.
        failure_rate: The share of what is asked that fails outside the incident, from 0 to 1.
        papers: Papers a second: each world is made for so many.
        incident: `None` means that there is none.
        requests: Whether the upstream writes down every request.
    """

    folder: Path
    seed: int
    failure_rate: float
    papers: float
    incident: Incident | None = None
    requests: bool = False


@dataclass(frozen=True, slots=True)
class Access:
    """What a process needs to call a world that is ready.

    Args:
        folder: The world's.
        ready: What its process said when it was ready.
        threads: Where to do what is not asynchronous.
        at_end: Closes what is opened for it.
    """

    folder: Path
    ready: Mapping[str, Any]
    threads: Threads
    at_end: AsyncExitStack


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a world counted, beside what was counted here.

    Attributes:
        agree: Whether both tell the same story.
        told: That in one line.
        answers: How often it saw attempts, or what came of them, by operation and by what it did.
    """

    agree: bool
    told: str
    answers: dict[str, dict[str, int]]


class World(ABC):
    """One unreliable world, started: leaving its context ends it and leaves nothing but files to read."""

    name: ClassVar[str]
    """What `--worlds` calls it."""
    title: ClassVar[str]
    """What messages call its process."""
    module: ClassVar[str]
    """What that runs."""
    file: ClassVar[str]
    """Where that counts."""
    operations: ClassVar[tuple[str, ...]]

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        options = [f"--seed={setting.seed}", f"--failure-rate={setting.failure_rate}", *self.options(setting)]
        if setting.incident:
            options += [f"--incident-at={setting.incident.at}", f"--incident-for={setting.incident.lasts}"]
        self._held = Held(self.title, self.module, options, setting.folder / self.file)
        self.ready: dict[str, Any] = {}
        """What the process said when it was ready."""
        self.begin = self._held.begin
        self.trouble = self._held.trouble
        self.check = self._held.check

    @abstractmethod
    def options(self, setting: Setting) -> list[str]:
        """The options that no other world has."""

    @classmethod
    @abstractmethod
    def steps(cls, access: Access) -> dict[str, Step]:
        """What is done with each paper, by operation: in the process that started the world, or in any other."""

    @abstractmethod
    def compare(self, counts: Counted, operations: Mapping[str, Count], again: int = 0) -> Verdict:
        """Set what the world counted beside what was counted here.

        Args:
            counts: The world's.
            operations: Those counted here, of all worlds.
            again: Papers that may have been taken through twice, for the first who took them was killed.
        """

    def wait_until_ready(self) -> None:
        self.ready = self._held.wait_until_ready()

    def close(self, operations: Mapping[str, Count], again: int = 0) -> Verdict:
        """End the process, and compare what it counted with what was counted here, as `compare` does."""
        return self.compare(self._held.close(), operations, again)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._held.__exit__()


def and_lost(number: int, lost: int) -> str:
    """What a world has seen beyond what was told here, in words: some of what killed workers could not tell."""
    return f", and {number} of the {lost} that went down with a worker," if number > 0 else ""
