"""What happened to the demo's upstream, in its own words: the truth that dashboards are compared with.

Each call of the demo asks for a path of its own, so the requests for one path are the attempts of one call.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

from retold.cli.demo.worlds.http.answers import Answer
from retold.cli.demo.worlds.http.crawler import READ_TIMEOUT, ROUTES

_OPERATIONS = {route: operation for operation, route in ROUTES.items()}


@dataclass(frozen=True)
class Call:
    """One call: when each attempt arrived, and what it was answered.

    Attributes:
        operation: Its operation.
        times: When each attempt arrived, in Unix time.
        answers: What each was answered.
    """

    operation: str
    times: tuple[float, ...]
    answers: tuple[str, ...]

    @property
    def succeeded(self) -> bool:
        return self.answers[-1] == Answer.OK

    @property
    def ended(self) -> float:
        """When its last attempt was over: an answer that stalls is given up after a while."""
        return self.times[-1] + _lasts(self.answers[-1])

    @property
    def attempts(self) -> tuple[Attempt, ...]:
        """Each of its attempts."""
        made = zip(self.times, self.answers, strict=True)
        return tuple(Attempt(self.operation, time + _lasts(answer), answer) for time, answer in made)

    @property
    def waited(self) -> tuple[float, float]:
        """Seconds that it waited between its attempts, at least and at most.

        It was told to come back in a second, or not told; and it was not waiting while an answer stalled.
        """
        apart = list(zip(pairwise(self.times), self.answers, strict=False))
        return (
            sum(1.0 for _, answer in apart if answer in (Answer.UNAVAILABLE, Answer.RATE_LIMITED)),
            sum(later - earlier - _lasts(answer) for (earlier, later), answer in apart),
        )


@dataclass(frozen=True)
class Attempt:
    """One attempt: its operation, when it was over, and what it was answered."""

    operation: str
    ended: float
    answer: str


_Ended = TypeVar("_Ended", Call, Attempt)


@dataclass(frozen=True)
class Truth:
    """The calls and the attempts that ended in a span of time; the calls of some of these attempts may not have."""

    calls: tuple[Call, ...]
    attempts: tuple[Attempt, ...]

    @classmethod
    def written_in(cls, path: Path) -> Truth:
        """All calls of which the upstream has written down the requests."""
        requests: dict[str, list[tuple[float, str]]] = {}
        for line in path.read_text(encoding="utf-8").splitlines():
            request = json.loads(line)
            requests.setdefault(request["path"], []).append((request["time"], request["answer"]))
        calls = tuple(
            Call(_OPERATIONS[path.partition("/")[0]], *map(tuple, zip(*made, strict=True)))
            for path, made in requests.items()
        )
        return cls(calls, tuple(attempt for call in calls for attempt in call.attempts))

    def between(self, start: float, end: float, operation: str | None = None) -> Truth:
        """The calls that ended in a span of time, of one operation or all."""

        def within(each: Call | Attempt) -> bool:
            return start <= each.ended < end and operation in (None, each.operation)

        return Truth(tuple(filter(within, self.calls)), tuple(filter(within, self.attempts)))

    def numbered(self, calls: tuple[int, int], attempts: tuple[int, int], operation: str | None = None) -> Truth:
        """The calls and the attempts from one number to another, in the order in which they ended, of one or all."""

        def ended(all_: Iterable[_Ended], numbers: tuple[int, int]) -> tuple[_Ended, ...]:
            of = sorted((each for each in all_ if operation in (None, each.operation)), key=lambda each: each.ended)
            return tuple(of[slice(*numbers)])

        return Truth(ended(self.calls, calls), ended(self.attempts, attempts))

    @property
    def failure_ratio(self) -> float:
        """Share of calls that failed."""
        return _share(not call.succeeded for call in self.calls)

    @property
    def effective(self) -> float:
        """Share of calls that succeeded."""
        return 1 - self.failure_ratio

    @property
    def actual(self) -> float:
        """Share of attempts that succeeded."""
        return _share(attempt.answer == Answer.OK for attempt in self.attempts)

    @property
    def first_try(self) -> float:
        """Share of calls that succeeded at once."""
        return _share(call.answers == (Answer.OK,) for call in self.calls)

    @property
    def rescued(self) -> float | None:
        """Share of retried calls that succeeded; None if none was retried."""
        retried = [call for call in self.calls if len(call.answers) > 1]
        return _share(call.succeeded for call in retried) if retried else None

    @property
    def amplification(self) -> float:
        """Attempts for each call."""
        return self.amplification_without(0, 0)

    def amplification_without(self, attempts: float, calls: float) -> float:
        """Attempts for each call, but for so many attempts that so many calls made."""
        return (sum(len(call.answers) for call in self.calls) - attempts) / (len(self.calls) - calls)

    @property
    def waited(self) -> tuple[float, float]:
        """Seconds of all waits, at least and at most."""
        return sum(call.waited[0] for call in self.calls), sum(call.waited[1] for call in self.calls)

    def give_ups(self, attempts: int) -> dict[str, int]:
        """How many failed calls ran out of what, where a policy allows so many attempts."""
        failed = [call for call in self.calls if not call.succeeded]
        exhausted = sum(len(call.answers) == attempts for call in failed)
        return {"attempts_exhausted": exhausted, "deadline_exceeded": len(failed) - exhausted}


def _lasts(answer: str) -> float:
    return READ_TIMEOUT if answer == Answer.STALL else 0.0


def _share(facts: Iterable[bool]) -> float:
    counted = list(facts)
    return sum(counted) / len(counted)
