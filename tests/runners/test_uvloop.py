"""Over uvloop, whose time cannot be made to jump: what async code promises holds as it does over asyncio's own loop.

Waits that matter are an hour long and end otherwise, or take some milliseconds; nothing asks how long they took.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import pytest

from retold import AttemptTimeout, BlockingWarning, Outcome, Policy
from retold.testing import MemoryExporter
from tests.forms import ASYNC_FORMS, ASYNC_WITH, LIMITING_FORMS, Failing, Form

if sys.platform == "win32":
    pytest.skip("there is no uvloop on Windows", allow_module_level=True)

import uvloop

HOUR = 3600.0
AWAITING_FORMS = (*ASYNC_FORMS, ASYNC_WITH)


@pytest.fixture(params=AWAITING_FORMS, ids=str)
def awaiting(request: pytest.FixtureRequest) -> Form:
    """Every form that awaits."""
    made: Form = request.param
    return made


@pytest.fixture(params=LIMITING_FORMS, ids=str)
def limiting(request: pytest.FixtureRequest) -> Form:
    """Every form that can cut an attempt short."""
    made: Form = request.param
    return made


def run(main: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    async def checked() -> Any:
        assert isinstance(asyncio.get_running_loop(), uvloop.Loop)
        return await asyncio.wait_for(main(), HOUR / 60)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(checked())


def test_waits_leave_the_loop_to_others(awaiting: Form, seen: MemoryExporter) -> None:
    work, turns = Failing(OSError, OSError, "value"), []

    async def awaited() -> Any:
        turns.append("ours")
        return work()

    async def other() -> None:
        while len(turns) < 50:
            turns.append("other")
            await asyncio.sleep(0)

    async def main() -> Any:
        neighbour = asyncio.create_task(other())
        value = await awaiting.awaiting(Policy(on=OSError, backoff=[0, 0.01]), awaited)
        await neighbour
        return value

    assert run(main) == "value"
    assert turns.index("other") < [at for at, turn in enumerate(turns) if turn == "ours"][1]
    assert (seen.last.outcome, seen.last.attempts) == (Outcome.SUCCESS, 3)


def test_a_call_cancelled_in_an_attempt_ends_as_cancelled(awaiting: Form, seen: MemoryExporter) -> None:
    async def main() -> None:
        runs = asyncio.Event()

        async def work() -> None:
            runs.set()
            await asyncio.sleep(HOUR)

        task = asyncio.create_task(_coroutine(awaiting, Policy(on=Exception), work))
        await runs.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    run(main)
    assert [attempt.outcome for attempt in seen.attempts] == ["cancelled"]
    assert (seen.last.outcome, seen.last.attempts) == (Outcome.CANCELLED, 1)


def test_a_call_cancelled_in_a_wait_cancels_no_attempt(awaiting: Form, seen: MemoryExporter) -> None:
    async def main() -> None:
        failed = asyncio.Event()

        async def work() -> None:
            failed.set()
            raise OSError

        task = asyncio.create_task(_coroutine(awaiting, Policy(on=OSError, backoff=HOUR), work))
        await failed.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    run(main)
    assert [attempt.outcome for attempt in seen.attempts] == ["error"]
    assert seen.last.outcome is Outcome.CANCELLED


def test_an_attempt_that_takes_too_long_is_cut_short_and_retried(limiting: Form, seen: MemoryExporter) -> None:
    turns = iter([HOUR, 0])

    async def work() -> str:
        await asyncio.sleep(next(turns))
        return "value"

    async def main() -> Any:
        return await limiting.awaiting(Policy(on=OSError, attempt_timeout=0.01, backoff=0), work)

    assert run(main) == "value"
    assert [attempt.error_type for attempt in seen.attempts] == ["retold.AttemptTimeout", None]


def test_the_last_one_that_is_cut_short_is_raised(limiting: Form, seen: MemoryExporter) -> None:
    async def main() -> None:
        with pytest.raises(AttemptTimeout):
            await limiting.awaiting(
                Policy(on=OSError, attempts=2, attempt_timeout=0.01, backoff=0), lambda: asyncio.sleep(HOUR)
            )

    run(main)
    assert (seen.last.outcome, seen.last.attempts) == (Outcome.ATTEMPTS_EXHAUSTED, 2)


def test_a_cancellation_from_outside_is_not_taken_for_the_limit(limiting: Form, seen: MemoryExporter) -> None:
    async def main() -> None:
        runs = asyncio.Event()

        async def work() -> None:
            runs.set()
            await asyncio.sleep(HOUR)

        task = asyncio.create_task(_coroutine(limiting, Policy(on=OSError, attempt_timeout=HOUR), work))
        await runs.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    run(main)
    assert seen.last.outcome is Outcome.CANCELLED


@pytest.mark.parametrize("kind", ["event", "predicate"])
def test_a_stop_ends_the_wait(kind: str, awaiting: Form, seen: MemoryExporter) -> None:
    async def main() -> None:
        stop, failed = asyncio.Event(), asyncio.Event()

        async def work() -> None:
            failed.set()
            raise OSError

        policy: Policy[Any] = Policy(on=OSError, backoff=HOUR, stop=stop if kind == "event" else stop.is_set)
        task = asyncio.create_task(_coroutine(awaiting, policy, work))
        await failed.wait()
        stop.set()
        with pytest.raises(OSError):
            await task

    run(main)
    assert (seen.last.outcome, seen.last.attempts) == (Outcome.ABORTED, 1)


@pytest.mark.parametrize(("mode", "items"), [("restart", [1, 2, 1, 2, 3]), ("open", [1, 2])])
def test_generators_are_retried(mode: Any, items: list[int], seen: MemoryExporter) -> None:
    turns = iter([OSError, None])

    @Policy(on=OSError, backoff=0.001, generator=mode)
    async def pages() -> AsyncIterator[int]:
        for page in (1, 2):
            await asyncio.sleep(0)
            yield page
        turn = next(turns)
        if turn is not None:
            raise turn
        yield 3

    async def main() -> list[int]:
        got = []
        try:
            async for page in pages():
                got.append(page)  # noqa: PERF401 - what came before the error counts
        except OSError:
            assert mode == "open"
        return got

    assert run(main) == items
    assert (seen.last.outcome, seen.last.attempts) == (Outcome.SUCCESS, 2 if mode == "restart" else 1)


def test_a_generator_that_is_left_is_closed(seen: MemoryExporter) -> None:
    closed = asyncio.Event()

    @Policy(on=OSError, generator="restart")
    async def pages() -> AsyncIterator[int]:
        try:
            while True:
                yield 1
        finally:
            await asyncio.sleep(0)
            closed.set()

    async def main() -> None:
        async for _ in pages():
            break
        # The loop closes what nobody holds any more, in a task that the loop's own end would cancel.
        await asyncio.wait_for(closed.wait(), 10)

    run(main)
    assert len(seen.calls) == 1


def test_a_synchronous_wait_in_the_loop_is_warned_of() -> None:
    async def main() -> None:
        with pytest.warns(BlockingWarning):
            Policy(on=OSError, backoff=0.001).call(Failing(OSError, "value"))

    run(main)


async def _coroutine(form: Form, policy: Policy[Any], work: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    return await form.awaiting(policy, work)
