"""Attempts that take too long are cut short and retried, under asyncio and trio, whose time jumps from wait to wait."""

import asyncio
import contextlib
import copy
import gc
import pickle
import weakref
from collections.abc import Awaitable, Callable
from random import Random
from typing import Any

import pytest
import trio

import retold
from retold import AttemptTimeout, Outcome, Policy, PolicyError, RejectedResult, UsageError
from retold.testing import ManualClock, MemoryExporter
from tests.exporters.sdk import Sdk, attributes
from tests.forms import Failing, Form
from tests.looping import ASYNCIO, TRIO, Library, LoopClock


def slow(library: Library, *seconds: float, value: object = "value") -> Callable[[], Awaitable[Any]]:
    """Work that takes so long, in turn."""
    left = list(seconds)

    async def work() -> Any:
        await library.sleep(left.pop(0))
        return value

    return work


def perform(
    library: Library, form: Form, work: Callable[[], Awaitable[Any]], **options: Any
) -> tuple[float, Any, BaseException | None]:
    """How long a call takes, what it returns and what it raises."""

    async def main() -> tuple[float, Any, BaseException | None]:
        began = library.now()
        value = raised = None
        options.setdefault("on", ValueError)
        policy = Policy(backoff=0, operation="shop.fetch", clock=LoopClock(library), **options)
        try:
            value = await form.awaiting(policy, work)
        except Exception as error:
            raised = error
        return library.now() - began, value, raised

    took, value, raised = library.run(main)
    return took, value, raised


def test_an_attempt_that_takes_too_long_is_retried_whatever_types_are(
    library: Library, limiting: Form, seen: MemoryExporter
) -> None:
    took, value, raised = perform(library, limiting, slow(library, 9, 9, 1), attempt_timeout=2)

    assert (value, raised) == ("value", None)
    assert took == pytest.approx(5, abs=1e-6)
    assert [(attempt.outcome, attempt.error_type) for attempt in seen.attempts] == [
        ("error", "retold.AttemptTimeout"),
        ("error", "retold.AttemptTimeout"),
        ("success", None),
    ]
    assert seen.last.outcome is Outcome.SUCCESS


def test_the_last_is_raised_as_a_timeout_that_tells_where_it_waited(
    library: Library, limiting: Form, seen: MemoryExporter
) -> None:
    work = slow(library, 9, 9)
    took, _, raised = perform(library, limiting, work, attempts=2, attempt_timeout=2)

    assert isinstance(raised, TimeoutError)
    assert isinstance(raised, AttemptTimeout)
    assert (str(raised), raised.seconds) == ("the attempt was cut short after 2 s", 2.0)
    assert raised.__notes__ == ["retold: shop.fetch: attempts_exhausted after 2 attempts"]
    assert raised.__cause__ is not None
    traceback, codes = raised.__cause__.__traceback__, []
    while traceback is not None:
        codes.append(traceback.tb_frame.f_code)
        traceback = traceback.tb_next
    assert work.__code__ in codes
    assert took == pytest.approx(4, abs=1e-6)
    assert (seen.last.outcome, seen.last.error_type) == (Outcome.ATTEMPTS_EXHAUSTED, "retold.AttemptTimeout")


def test_a_limit_is_cut_to_what_is_left_of_the_timeout(library: Library, limiting: Form, seen: MemoryExporter) -> None:
    took, _, raised = perform(library, limiting, slow(library, 9, 9, 9), attempts=None, timeout=5, attempt_timeout=3)

    assert took == pytest.approx(5, abs=1e-6)
    assert isinstance(raised, AttemptTimeout)
    assert raised.seconds == pytest.approx(2)
    assert (seen.last.outcome, seen.last.attempts) == (Outcome.DEADLINE_EXCEEDED, 2)


def test_a_limit_as_long_as_the_timeout_ends_the_call(library: Library, limiting: Form, seen: MemoryExporter) -> None:
    took, _, raised = perform(library, limiting, slow(library, 9), timeout=3, attempt_timeout=3)

    assert took == pytest.approx(3, abs=1e-6)
    assert isinstance(raised, AttemptTimeout)
    assert (seen.last.outcome, seen.last.attempts) == (Outcome.DEADLINE_EXCEEDED, 1)


async def test_a_limit_cut_to_the_timeout_ends_the_call_though_the_policy_s_clock_is_slow(seen: MemoryExporter) -> None:
    slow = ManualClock()
    policy = Policy(on=OSError, timeout=0.02, attempt_timeout=0.02, backoff=0, operation="slow", clock=slow)

    async def fail_and_then_hang() -> None:
        if slow.now() < 0.01:
            slow.advance(0.01)
            raise OSError
        await asyncio.sleep(60)

    with pytest.raises(AttemptTimeout):
        await policy.acall(fail_and_then_hang)

    seen.assert_calls("slow", "deadline_exceeded", attempts=2)


@pytest.mark.parametrize("answer", [True, False])
def test_a_predicate_sees_a_timeout_and_decides(
    answer: bool, library: Library, limiting: Form, seen: MemoryExporter
) -> None:
    asked: list[BaseException] = []

    def on(error: Exception) -> bool:
        asked.append(error)
        return answer

    perform(library, limiting, slow(library, 9, 1), on=on, attempt_timeout=2)

    assert [isinstance(error, TimeoutError) for error in asked] == [True]
    assert seen.last.outcome is (Outcome.SUCCESS if answer else Outcome.NOT_RETRYABLE)


def test_a_hint_sees_the_timeout(library: Library, limiting: Form, seen: MemoryExporter) -> None:
    asked: list[object] = []

    def hint(failure: object) -> float:
        asked.append(failure)
        return 7

    took, value, _ = perform(library, limiting, slow(library, 9, 1), hint=hint, attempt_timeout=2)

    assert [type(failure) for failure in asked] == [AttemptTimeout]
    assert value == "value"
    assert took == pytest.approx(2 + 7 + 1, abs=1e-6)


def test_a_hint_about_the_last_is_kept_where_no_attempt_fits(
    library: Library, limiting: Form, seen: MemoryExporter
) -> None:
    took, _, _ = perform(library, limiting, slow(library, 9), timeout=3, attempt_timeout=3, hint=lambda _: 0)

    assert took == pytest.approx(3, abs=1e-6)
    assert (seen.last.outcome, seen.last.hint) == (Outcome.DEADLINE_EXCEEDED, 0)


def test_results_are_all_that_is_judged_where_no_types_are_given(library: Library, limiting: Form) -> None:
    options: dict[str, Any] = {"on": None, "on_result": lambda value: value == "pending"}
    _, value, _ = perform(library, limiting, slow(library, 9, 1), **options, attempt_timeout=2)

    assert value == "value"


def test_a_rejected_result_within_the_limit_stays_one(library: Library, limiting: Form) -> None:
    work = slow(library, 1, 1)
    _, _, raised = perform(library, limiting, work, on=None, on_result=bool, attempts=2, attempt_timeout=2)

    assert isinstance(raised, RejectedResult)


@pytest.mark.parametrize("kind", [TimeoutError, asyncio.CancelledError, lambda: AttemptTimeout(1)])
def test_what_the_function_raises_itself_is_not_taken_for_it(
    kind: Callable[[], BaseException], library: Library, limiting: Form, seen: MemoryExporter
) -> None:
    error = kind()

    async def work() -> None:
        await library.sleep(1)
        raise error

    async def main() -> BaseException | None:
        try:
            await limiting.awaiting(Policy(on=KeyError, attempt_timeout=2), work)
        except BaseException as raised:
            return raised
        return None

    assert library.run(main) is error
    expected = Outcome.NOT_RETRYABLE if isinstance(error, Exception) else Outcome.CANCELLED
    assert (seen.last.outcome, seen.last.attempts) == (expected, 1)


def test_what_it_raises_when_it_is_cut_short_is_its_own_too(
    library: Library, limiting: Form, seen: MemoryExporter
) -> None:
    async def work() -> None:
        try:
            await library.sleep(9)
        finally:
            raise TimeoutError("its own")

    _, _, raised = perform(library, limiting, work, on=KeyError, attempt_timeout=2)

    assert type(raised) is TimeoutError
    assert seen.last.outcome is Outcome.NOT_RETRYABLE


def test_what_it_returns_all_the_same_is_a_success(limiting: Form, seen: MemoryExporter) -> None:
    async def work() -> str:
        try:
            await asyncio.sleep(9)
        except asyncio.CancelledError:
            return "late"
        raise AssertionError

    assert perform(ASYNCIO, limiting, work, attempt_timeout=2)[1] == "late"

    assert [attempt.outcome for attempt in seen.attempts] == ["success"]


@pytest.mark.filterwarnings("ignore::retold.NestedRetryWarning")
def test_limits_inside_of_limits_do_not_mix(library: Library, limiting: Form) -> None:
    async def work() -> Any:
        return await Policy(on=KeyError, attempts=2, attempt_timeout=1, backoff=0).acall(slow(library, 9, 9))

    took, _, raised = perform(library, limiting, work, attempt_timeout=5)

    assert isinstance(raised, AttemptTimeout)
    assert raised.seconds == 1  # the inner one's, which the outer one does not list
    assert took == pytest.approx(2, abs=1e-6)


def test_a_cancellation_from_outside_stays_one(library: Library, limiting: Form, seen: MemoryExporter) -> None:
    async def main() -> float:
        began = library.now()
        call = limiting.awaiting(Policy(on=BaseException, attempt_timeout=9), slow(library, 100))
        await in_scope(library, 5, call)
        return library.now() - began

    assert library.run(main) == pytest.approx(5, abs=1e-6)
    assert [attempt.outcome for attempt in seen.attempts] == ["cancelled"]
    assert seen.last.outcome is Outcome.CANCELLED


async def in_scope(library: Library, seconds: float, call: Awaitable[Any]) -> None:
    """Cancel a call after some seconds, as callers do."""
    if library is TRIO:
        with trio.move_on_after(seconds) as scope:
            await call
        assert scope.cancelled_caught
    else:
        with pytest.raises(TimeoutError) as caught:
            async with asyncio.timeout(seconds):
                await call
        assert type(caught.value) is TimeoutError


@pytest.mark.parametrize("seed", range(40))
def test_a_cancellation_in_the_same_turn_of_the_loop_is_not_swallowed(
    seed: int, library: Library, limiting: Form
) -> None:
    """Attempts are cut short while, at nearly the same moment, somebody cancels the call or lets it be."""
    random = Random(seed)
    limit, at = 1.0, random.choice([0.0, 1.0, 1.0, 1.0, 2.0, 2.0, 3.5])
    turns, reluctance = random.randrange(4), random.randrange(3)

    async def work() -> None:
        try:
            await library.sleep(100)
        finally:
            for _ in range(reluctance):  # what is cancelled may take its time
                if library is TRIO:
                    with trio.CancelScope(shield=True):
                        await library.sleep(0)
                else:
                    await library.sleep(0)

    policy = Policy(on=KeyError, attempts=3, attempt_timeout=limit, backoff=random.choice([0, 1]))

    async def with_asyncio() -> str:
        task = asyncio.ensure_future(limiting.awaiting(policy, work))
        await asyncio.sleep(at)
        for _ in range(turns):
            await asyncio.sleep(0)
        asked = task.cancel()
        try:
            await task
        except asyncio.CancelledError:
            return "cancelled" if asked else "cancelled unasked"
        except AttemptTimeout:
            return "swallowed" if asked else "ended"
        return "succeeded"

    async def with_trio() -> str:
        result = "cancelled"
        with trio.CancelScope() as scope:

            async def cancel() -> None:
                await trio.sleep(at)
                for _ in range(turns):
                    await trio.lowlevel.cancel_shielded_checkpoint()
                scope.cancel()

            async with trio.open_nursery() as nursery:
                nursery.start_soon(cancel)
                try:
                    await limiting.awaiting(policy, work)
                except AttemptTimeout:
                    result = "swallowed" if scope.cancel_called else "ended"
        return result

    assert library.run(with_trio if library is TRIO else with_asyncio) in {"cancelled", "ended"}


def test_a_task_group_that_fails_cancels_the_attempt(limiting: Form, seen: MemoryExporter) -> None:
    async def fail() -> None:
        await asyncio.sleep(1)
        raise LookupError

    async def main() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(fail())
            await limiting.awaiting(Policy(on=Exception, attempt_timeout=1), slow(ASYNCIO, 100))

    with pytest.raises(ExceptionGroup) as caught:
        ASYNCIO.run(main)

    assert [type(error) for error in caught.value.exceptions] == [LookupError]
    assert seen.last.outcome is Outcome.CANCELLED


def test_no_task_is_made(limiting: Form) -> None:
    tasks: set[object] = set()

    async def work() -> None:
        tasks.update(asyncio.all_tasks())
        await asyncio.sleep(100)

    perform(ASYNCIO, limiting, work, attempt_timeout=1)

    assert len(tasks) == 1


def test_spans_and_metrics_tell_of_it(library: Library, limiting: Form) -> None:
    sdk = Sdk()
    with retold.configure(exporters=[sdk.exporter()]):
        perform(library, limiting, slow(library, 9, 1), attempt_timeout=2)
    spans = {(span.name, attributes(span).get("retold.attempt.number")): span for span in sdk.spans}
    sdk.close()

    first, second = spans["attempt shop.fetch", 1], spans["attempt shop.fetch", 2]
    assert attributes(first)["retold.attempt.outcome"] == "error"
    assert attributes(first)["error.type"] == "retold.AttemptTimeout"
    assert first.status.status_code.name == "ERROR"
    assert attributes(second)["retold.attempt.outcome"] == "success"
    assert attributes(spans["shop.fetch", None])["retold.outcome"] == "success"


def test_a_call_that_was_cut_short_is_freed_at_its_end(limiting: Form) -> None:
    class Local:
        pass

    left: list[weakref.ref[Local]] = []

    async def work() -> None:
        local = Local()
        left.append(weakref.ref(local))
        await asyncio.sleep(9)
        del local

    async def main() -> int:
        with contextlib.suppress(AttemptTimeout):
            await limiting.awaiting(Policy(on=KeyError, attempts=3, attempt_timeout=1, backoff=1), work)
        await asyncio.sleep(0)  # asyncio itself holds the last cancellation for one turn
        return sum(reference() is not None for reference in left)

    gc.disable()
    try:
        assert ASYNCIO.run(main) == 0
    finally:
        gc.enable()
    assert len(left) == 3


def test_a_limit_above_the_timeout_is_refused() -> None:
    with pytest.raises(PolicyError, match=r"attempt_timeout=5\.0 is longer than timeout=3\.0"):
        Policy(on=OSError, timeout=3, attempt_timeout=5)

    assert Policy(on=OSError, timeout=3, attempt_timeout=3).replace(attempts=1) is not None


@pytest.mark.parametrize("value", [0, -1, float("nan"), float("inf"), True, "1"])
def test_a_limit_that_is_none_is_refused(value: Any) -> None:
    with pytest.raises(PolicyError, match="attempt_timeout must be "):
        Policy(on=OSError, attempt_timeout=value)


def test_what_is_not_async_refuses_a_limit_and_says_what_to_do() -> None:
    policy = Policy(on=OSError, attempt_timeout=5)
    message = "attempt_timeout cannot interrupt .*fetch, which is not async: give the client .* timeout=5"

    def fetch() -> None: ...

    with pytest.raises(TypeError, match=message):
        policy(fetch)
    with pytest.raises(TypeError, match=message):
        policy(staticmethod(fetch))
    with pytest.raises(TypeError, match=message):
        policy.call(fetch)
    with pytest.raises(TypeError, match=message):
        policy.run(fetch)
    with pytest.raises(TypeError, match="cannot interrupt a synchronous block: write `async for` and `async with`"):
        iter(policy)


async def test_a_block_with_a_limit_takes_async_with(seen: MemoryExporter) -> None:
    async for attempt in Policy(on=OSError, attempt_timeout=5, operation="block"):
        with pytest.raises(UsageError, match="write `async with attempt:`"), attempt:
            raise AssertionError
        break

    assert seen.events == []


async def test_async_with_serves_every_block(clock: ManualClock, seen: MemoryExporter) -> None:
    work = Failing(OSError, "value")

    async for attempt in Policy(on=OSError, backoff=0, clock=clock):
        async with attempt as entered:
            assert entered is attempt
            work()
    for attempt in Policy(on=OSError, operation="block", clock=clock):
        async with attempt:
            work()

    assert [call.attempts for call in seen.calls] == [2, 1]
    assert seen.calls[0].operation == f"{__name__}.test_async_with_serves_every_block"


def test_the_error_is_copied_pickled_and_noted() -> None:
    error = AttemptTimeout(2.5)
    error.add_note("a note")

    for same in (copy.copy(error), pickle.loads(pickle.dumps(error))):
        assert (type(same), str(same), same.seconds) == (AttemptTimeout, str(error), 2.5)
        assert same.__notes__ == ["a note"]
