"""Generators that are retried: `restart` starts them anew, `open` retries until there is a first item."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import inspect
import weakref
from collections.abc import Iterator
from typing import Any

import pytest

import retold
from retold import Outcome, Policy
from retold.journal import JOURNAL
from retold.telemetry import CALL_ACTIVE, CALL_WAITING
from retold.testing import ManualClock, MemoryExporter
from tests.iterations import END, Iteration, Runs

pytestmark = pytest.mark.parametrize("kind", ["sync", "async"])


def policy(clock: ManualClock, mode: Any = "restart", **options: Any) -> Policy[Any]:
    given: dict[str, Any] = {"on": OSError, "backoff": 2, "operation": "shop.pages", "clock": clock, "generator": mode}
    return Policy(**given | options)


def iterated(kind: str, runs: Runs, of: Policy[Any], **given: Any) -> Iteration:
    return Iteration(of(runs.function(kind, **given))())


def test_wrong_arguments_are_an_error_of_the_first_step_and_no_call(
    kind: str, clock: ManualClock, seen: MemoryExporter
) -> None:
    runs = Runs([1])
    iteration = Iteration(policy(clock, on=Exception)(runs.function(kind))("what", it="does not take"))

    with pytest.raises(TypeError, match="argument"):
        iteration.send()

    assert (seen.calls, runs.started) == ([], 0)


def ended(seen: MemoryExporter) -> tuple[Outcome, int, list[str]]:
    """How the one call ended, and its attempts."""
    [call] = seen.calls
    return call.outcome, call.attempts, [attempt.outcome.value for attempt in seen.attempts]


def test_a_generator_that_succeeds_passes_on_its_items(kind: str, clock: ManualClock, seen: MemoryExporter) -> None:
    assert iterated(kind, Runs([1, 2, 3]), policy(clock)).items() == [1, 2, 3]

    assert ended(seen) == (Outcome.SUCCESS, 1, ["success"])


def test_restart_gives_the_items_of_every_run(kind: str, clock: ManualClock, seen: MemoryExporter) -> None:
    runs = Runs([1, OSError()], [OSError()], [1, 2])

    assert iterated(kind, runs, policy(clock)).items() == [1, 1, 2]

    assert ended(seen) == (Outcome.SUCCESS, 3, ["error", "error", "success"])
    assert clock.now() == 4


def test_open_retries_until_there_is_a_first_item(kind: str, clock: ManualClock, seen: MemoryExporter) -> None:
    runs = Runs([OSError()], [1, 2])
    iteration = iterated(kind, runs, policy(clock, "open"))

    assert iteration.send() == 1
    assert ended(seen) == (Outcome.SUCCESS, 2, ["error", "success"])
    assert iteration.items() == [2]
    assert ended(seen) == (Outcome.SUCCESS, 2, ["error", "success"])


def test_open_lets_pass_what_is_raised_after_the_first_item(
    kind: str, clock: ManualClock, seen: MemoryExporter
) -> None:
    error = OSError()
    runs = Runs([1, error])
    iteration = iterated(kind, runs, policy(clock, "open"))

    assert iteration.send() == 1
    with pytest.raises(OSError) as raised:
        iteration.send()

    assert raised.value is error
    assert not hasattr(error, "__notes__")
    assert ended(seen) == (Outcome.SUCCESS, 1, ["success"])
    assert runs.started == 1


@pytest.mark.parametrize("mode", ["restart", "open"])
def test_a_generator_without_items_succeeds(kind: str, mode: str, clock: ManualClock, seen: MemoryExporter) -> None:
    assert iterated(kind, Runs([OSError()], []), policy(clock, mode)).items() == []

    assert ended(seen) == (Outcome.SUCCESS, 2, ["error", "success"])


@pytest.mark.parametrize("mode", ["restart", "open"])
def test_the_last_error_is_raised_as_it_is(kind: str, mode: str, clock: ManualClock, seen: MemoryExporter) -> None:
    errors = [OSError(number) for number in range(3)]

    with pytest.raises(OSError) as raised:
        iterated(kind, Runs(*([error] for error in errors)), policy(clock, mode)).send()

    assert raised.value is errors[-1]
    assert raised.value.__context__ is raised.value.__cause__ is None
    assert raised.value.__notes__ == ["retold: shop.pages: attempts_exhausted after 3 attempts and 4 s of waiting"]
    ours = [frame for frame in inspect_frames(raised.value) if "/retold/" in frame]
    assert len(ours) <= 2
    assert ended(seen) == (Outcome.ATTEMPTS_EXHAUSTED, 3, ["error"] * 3)


def inspect_frames(error: BaseException) -> Iterator[str]:
    traceback = error.__traceback__
    while traceback is not None:
        yield traceback.tb_frame.f_code.co_filename
        traceback = traceback.tb_next


@pytest.mark.parametrize("mode", ["restart", "open"])
def test_what_is_not_retryable_is_raised_at_once(
    kind: str, mode: str, clock: ManualClock, seen: MemoryExporter
) -> None:
    with pytest.raises(ValueError, match="no page"):
        iterated(kind, Runs([ValueError("no page")]), policy(clock, mode)).send()

    assert ended(seen) == (Outcome.NOT_RETRYABLE, 1, ["error"])


def test_abort_raises_what_it_carries(kind: str, clock: ManualClock, seen: MemoryExporter) -> None:
    carried = KeyError("page")

    with pytest.raises(KeyError) as raised:
        iterated(kind, Runs([retold.Abort(carried)]), policy(clock)).send()

    assert raised.value is carried
    assert ended(seen) == (Outcome.ABORTED, 1, ["error"])


def test_nothing_happens_before_the_first_step(kind: str, clock: ManualClock, seen: MemoryExporter) -> None:
    runs = Runs([1])
    iteration = iterated(kind, runs, policy(clock))
    iteration.close()

    assert (runs.started, seen.events) == (0, [])


@pytest.mark.parametrize("mode", ["restart", "open"])
def test_what_is_sent_arrives(kind: str, mode: str, clock: ManualClock) -> None:
    runs = Runs([1, 2, 3])
    iteration = iterated(kind, runs, policy(clock, mode))

    assert [iteration.send(value) for value in (None, "a", "b")] == [1, 2, 3]
    assert iteration.send("c") is END
    assert runs.sent == ["a", "b", "c"]


@pytest.mark.parametrize("mode", ["restart", "open"])
def test_a_consumer_that_closes_after_an_item_makes_the_call_a_success(
    kind: str, mode: str, clock: ManualClock, seen: MemoryExporter
) -> None:
    runs = Runs([1, 2])
    iteration = iterated(kind, runs, policy(clock, mode))

    iteration.send()
    iteration.close()

    assert ended(seen) == (Outcome.SUCCESS, 1, ["success"])
    assert runs.closed == 1
    assert iteration.send() is END


def test_what_a_generator_raises_when_it_is_closed_is_raised_and_not_retried(
    kind: str, clock: ManualClock, seen: MemoryExporter
) -> None:
    def generated() -> Iterator[int]:
        try:
            yield 1
        finally:
            raise OSError

    async def agenerated() -> Any:
        try:
            yield 1
        finally:
            raise OSError

    function: Any = generated if kind == "sync" else agenerated
    iteration = Iteration(policy(clock)(function)())
    iteration.send()
    with pytest.raises(OSError):
        iteration.close()

    assert ended(seen) == (Outcome.NOT_RETRYABLE, 1, ["error"])


@pytest.mark.parametrize("mode", ["restart", "open"])
def test_what_the_consumer_throws_is_the_consumer_s(
    kind: str, mode: str, clock: ManualClock, seen: MemoryExporter
) -> None:
    error = OSError()
    runs = Runs([1, 2])
    iteration = iterated(kind, runs, policy(clock, mode))
    iteration.send()

    with pytest.raises(OSError) as raised:
        iteration.throw(error)

    assert raised.value is error
    outcome = Outcome.NOT_RETRYABLE if mode == "restart" else Outcome.SUCCESS
    assert ended(seen) == (outcome, 1, ["error" if mode == "restart" else "success"])
    assert runs.started == 1


def test_cancellation_that_is_thrown_is_cancellation(kind: str, clock: ManualClock, seen: MemoryExporter) -> None:
    iteration = iterated(kind, Runs([1, 2]), policy(clock, on=BaseException))
    iteration.send()

    with pytest.raises(KeyboardInterrupt):
        iteration.throw(KeyboardInterrupt())

    assert ended(seen) == (Outcome.CANCELLED, 1, ["cancelled"])


def test_a_generator_may_live_on_after_what_was_thrown_and_fail_for_itself(
    kind: str, clock: ManualClock, seen: MemoryExporter
) -> None:
    def generated() -> Iterator[int]:
        with contextlib.suppress(LookupError):
            yield 1
        yield 2
        if len(seen.attempts) < 1:
            raise OSError

    async def agenerated() -> Any:
        for item in generated():
            try:
                yield item
            except LookupError:
                continue

    function: Any = generated if kind == "sync" else agenerated
    iteration = Iteration(policy(clock)(function)())

    assert iteration.send() == 1
    assert iteration.throw(LookupError()) == 2
    assert iteration.items() == [1, 2]
    assert ended(seen) == (Outcome.SUCCESS, 2, ["error", "success"])


def test_two_iterations_of_one_function_do_not_mix(kind: str, clock: ManualClock, seen: MemoryExporter) -> None:
    runs = Runs([1, 2], [3, OSError()], [4])
    function = policy(clock)(runs.function(kind))
    one, other = Iteration(function()), Iteration(function())

    assert (one.send(), other.send(), one.send(), other.send()) == (1, 3, 2, 4)
    assert (one.send(), other.send()) == (END, END)
    assert [(call.outcome, call.attempts) for call in seen.calls] == [(Outcome.SUCCESS, 1), (Outcome.SUCCESS, 2)]


def test_one_that_is_dropped_is_closed(kind: str, clock: ManualClock, seen: MemoryExporter) -> None:
    function: Any = policy(clock)(Runs([1, 2]).function(kind))

    async def consume() -> None:
        async for item in function():
            assert item == 1
            break
        await asyncio.sleep(0)  # the loop closes it, in a turn of its own

    if kind == "async":
        asyncio.run(consume())
    else:
        assert next(function()) == 1

    assert ended(seen) == (Outcome.SUCCESS, 1, ["success"])
    values = JOURNAL.collect()
    assert {*values[CALL_ACTIVE].values(), *values[CALL_WAITING].values()} == {0}


def test_arguments_that_do_not_fit_fail_by_the_name_of_the_function(
    kind: str, clock: ManualClock, seen: MemoryExporter
) -> None:
    function: Any = policy(clock)(Runs().function(kind))

    with pytest.raises(TypeError, match=r"generated\(\) takes 0 positional arguments"):
        Iteration(function(1)).send()

    assert seen.events == []


def test_the_function_keeps_its_kind_signature_and_words(kind: str, clock: ManualClock) -> None:
    def generated(path: str, *, deep: bool = False) -> Iterator[str]:
        """All below a path."""
        yield path

    async def agenerated(path: str, *, deep: bool = False) -> Any:
        """All below a path."""
        yield path

    function: Any = generated if kind == "sync" else agenerated
    wrapped = policy(clock)(function)

    assert inspect.isgeneratorfunction(wrapped) is (kind == "sync")
    assert inspect.isasyncgenfunction(wrapped) is (kind == "async")
    assert inspect.signature(wrapped) == inspect.signature(function)
    assert (wrapped.__doc__, wrapped.__name__, wrapped.__wrapped__) == (function.__doc__, function.__name__, function)


def test_methods_of_all_sorts_are_retried(kind: str, clock: ManualClock) -> None:
    retry = policy(clock)

    def generated(*_: object) -> Iterator[int]:
        yield from made()

    async def agenerated(*_: object) -> Any:
        for item in made():
            yield item

    made = Runs([OSError()], [1], [2], [3]).function("sync")
    function: Any = generated if kind == "sync" else agenerated

    class Book:
        pages = retry(function)
        of_class: Any = retry(classmethod(function))
        static = staticmethod(retry(function))

    assert [Iteration(each()).items() for each in (Book().pages, Book.of_class, Book.static)] == [[1], [2], [3]]


def test_an_object_local_to_a_failed_run_is_freed_without_the_collector(kind: str, clock: ManualClock) -> None:
    freed: list[bool] = []
    kept: list[weakref.ref[Any]] = []

    class Local:
        pass

    class Watching(ManualClock):
        def sleep(self, seconds: float, /) -> None:
            freed.append(kept[-1]() is None)
            super().sleep(seconds)

    def generated() -> Iterator[int]:
        local = Local()
        kept.append(weakref.ref(local))
        yield 1
        if len(kept) < 3:
            raise OSError

    async def agenerated() -> Any:
        local = Local()
        kept.append(weakref.ref(local))
        yield 1
        if len(kept) < 3:
            raise OSError

    gc.disable()
    try:
        function: Any = generated if kind == "sync" else agenerated
        iteration = Iteration(policy(Watching())(function)())
        assert iteration.items() == [1, 1, 1]
        del iteration
        assert [each() is None for each in kept] == [True, True, True]
    finally:
        gc.enable()
    assert freed == [True, True]
