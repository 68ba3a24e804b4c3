"""Stops, hooks and `current_attempt` where generators are retried."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from retold import CallEnded, Outcome, RetryScheduled, current_attempt
from retold.testing import ManualClock, MemoryExporter
from tests.iterations import END, Iteration, Runs
from tests.runners.test_generators import ended, iterated, policy
from tests.runners.test_stop import Stopping

pytestmark = pytest.mark.parametrize("kind", ["sync", "async"])


def test_a_stop_ends_the_wait_of_a_generator(kind: str, seen: MemoryExporter) -> None:
    clock = Stopping()
    iteration = iterated(kind, Runs([1, OSError("down")], [2]), policy(clock, stop=clock.stop))

    assert iteration.send() == 1
    with pytest.raises(OSError, match="down"):
        iteration.send()

    assert iteration.send() is END
    assert ended(seen) == (Outcome.ABORTED, 1, ["error"])


def test_hooks_are_told_of_a_generator(kind: str, clock: ManualClock) -> None:
    told: list[object] = []
    options: dict[str, Any] = {"on_retry": told.append, "on_success": told.append}

    assert iterated(kind, Runs([OSError()], [1]), policy(clock, **options)).items() == [1]

    assert [type(event) for event in told] == [RetryScheduled, CallEnded]


@pytest.mark.parametrize("mode", ["restart", "open"])
def test_a_generator_finds_its_attempt(kind: str, mode: str, clock: ManualClock) -> None:
    found: list[int | None] = []

    def ask() -> None:
        attempt = current_attempt()
        found.append(None if attempt is None else attempt.number)

    def pages() -> Iterator[int]:
        ask()
        if len(found) == 1:
            raise OSError
        yield 1
        ask()

    async def apages() -> AsyncIterator[int]:
        for page in pages():
            yield page

    made = policy(clock, mode)(pages if kind == "sync" else apages)()

    assert Iteration(made).items() == [1]
    assert found == [1, 2, 2 if mode == "restart" else None]
    assert current_attempt() is None


def test_a_generator_has_no_limit_of_its_attempts(kind: str, clock: ManualClock) -> None:
    with pytest.raises(TypeError, match=r"is a generator, .*: leave out attempt_timeout"):
        policy(clock, attempt_timeout=5)(Runs([1]).function(kind))
