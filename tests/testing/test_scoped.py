"""`instant()` and `disabled()`: what they change, and for whom."""

import asyncio
import contextvars
import threading
from collections.abc import Callable, Iterator
from functools import partial, partialmethod
from typing import Any

import pytest
import trio
from prometheus_client import CollectorRegistry

import retold
from retold import Abort, AttemptOutcome, Exporter, Outcome, Policy, RejectedResult, RetryAgain, UsageError
from retold.exporters.prometheus import Prometheus
from retold.runners import audience
from retold.testing import ManualClock, MemoryExporter, disabled, instant
from retold.testing.scoped import within
from tests.forms import Failing, Form

HOURS = Policy(on=OSError, backoff=[3600, 7200], operation="shop.fetch")
AT_ONCE = Policy(on=OSError, backoff=0, operation="shop.fetch")


def runs(policy: Policy[Any] = AT_ONCE) -> int:
    """How often a policy without waits has a function run that always fails."""
    work = Failing(OSError)
    policy.run(work)
    return work.runs


def test_waits_are_skipped_and_told_as_if_they_had_passed(form: Form, seen: MemoryExporter) -> None:
    with instant():
        assert form.perform(HOURS, Failing(OSError, OSError, "page")) == "page"

    assert seen.delays == [3600, 7200]
    assert seen.last.delay_total == pytest.approx(3 * 3600, abs=60)
    assert seen.last.duration == pytest.approx(3 * 3600, abs=60)


def test_deadlines_see_skipped_waits_as_passed(form: Form, seen: MemoryExporter) -> None:
    with instant(), pytest.raises(OSError):
        form.perform(HOURS.replace(timeout=2 * 3600), Failing(OSError))

    assert (seen.last.outcome, seen.last.attempts) == (Outcome.DEADLINE_EXCEEDED, 2)


@pytest.mark.filterwarnings("ignore::retold.NestedRetryWarning")
def test_what_a_call_inside_skips_counts_for_the_call_around_it(form: Form, seen: MemoryExporter) -> None:
    def outer() -> None:
        form.perform(HOURS, Failing(OSError, "page"))
        raise OSError

    with instant(), pytest.raises(OSError):
        form.perform(Policy(on=OSError, backoff=0, timeout=1800, operation="shop.outer"), outer)

    seen.assert_calls("shop.outer", "deadline_exceeded", attempts=1)


@pytest.mark.parametrize(
    "exporters",
    [[], ["prometheus"], ["opentelemetry"], [MemoryExporter()]],
    ids=["quiet", "counted", "asleep", "told"],
)
@pytest.mark.parametrize("timeout", [None, 1e6])
def test_functions_that_were_decorated_before_follow_however_they_listen(
    exporters: list[str | Exporter], timeout: float | None
) -> None:
    made = [Prometheus(CollectorRegistry()) if each == "prometheus" else each for each in exporters]
    with retold.configure(exporters=made):
        work = Failing("page", OSError, OSError, "page")

        def work_on() -> Any:
            return work()

        fetch: Callable[[], Any] = HOURS.replace(timeout=timeout)(work_on)
        assert fetch() == "page"
        with instant():
            assert fetch() == "page"
        assert fetch() == "page"

    assert work.runs == 5


def test_functions_that_are_decorated_inside_are_as_others_afterwards(seen: MemoryExporter) -> None:
    with disabled():
        fetch = AT_ONCE(Failing(OSError, "page"))

    assert fetch() == "page"
    seen.assert_calls(outcome="success", attempts=2)


async def test_tasks_do_not_take_time_from_each_other(seen: MemoryExporter) -> None:
    policy = HOURS.replace(timeout=4 * 3600)

    async def fetch() -> Any:
        work = Failing(OSError, OSError, "page")

        async def awaited() -> Any:
            return work()

        return await policy.acall(awaited)

    with instant():
        assert await asyncio.gather(*(fetch() for _ in range(20))) == ["page"] * 20

    seen.assert_calls("shop.fetch", "success", attempts=3, count=20)


async def test_a_skipped_wait_gives_other_tasks_a_turn() -> None:
    turns: list[str] = []

    async def fetch(name: str) -> None:
        turns.append(name)
        if turns.count(name) < 3:
            raise OSError

    with instant():
        await asyncio.gather(HOURS.acall(fetch, "a"), HOURS.acall(fetch, "b"))

    assert turns == ["a", "b"] * 3


def test_it_works_in_trio(seen: MemoryExporter) -> None:
    async def fetch(work: Failing) -> None:
        async def awaited() -> Any:
            return work()

        await HOURS.replace(timeout=4 * 3600).acall(awaited)

    @instant()
    async def main() -> None:
        async with trio.open_nursery() as nursery:
            for _ in range(5):
                nursery.start_soon(fetch, Failing(OSError, OSError, "page"))

    trio.run(main)

    seen.assert_calls("shop.fetch", "success", attempts=3, delays=[3600, 7200], count=5)


def test_a_policy_that_was_given_a_clock_keeps_it(form: Form, clock: ManualClock) -> None:
    with instant():
        form.perform(HOURS.replace(clock=clock), Failing(OSError, "page"))

    assert clock.waits == [3600]


def test_a_disabled_policy_runs_the_function_once_and_raises_its_error(form: Form, seen: MemoryExporter) -> None:
    error = OSError("no route")
    work = Failing(error)

    with disabled(), pytest.raises(OSError) as raised:
        form.perform(HOURS, work)

    assert work.runs == 1
    assert raised.value is error
    seen.assert_calls("shop.fetch", "attempts_exhausted", attempts=1, delays=[], error_type="OSError")


def test_a_disabled_policy_returns_what_the_function_returns(form: Form, seen: MemoryExporter) -> None:
    with disabled():
        assert form.perform(HOURS, Failing("page")) == "page"

    seen.assert_calls("shop.fetch", "success", attempts=1)


@pytest.mark.parametrize(
    ("failure", "outcome"),
    [(KeyError(), "not_retryable"), (Abort(), "aborted"), (RetryAgain(), "attempts_exhausted")],
    ids=str,
)
def test_a_disabled_policy_still_says_why(form: Form, seen: MemoryExporter, failure: Exception, outcome: str) -> None:
    with disabled(), pytest.raises(type(failure)):
        form.perform(HOURS, Failing(failure))

    seen.assert_calls("shop.fetch", outcome, attempts=1)


def test_unlimited_attempts_are_one_when_disabled(form: Form, seen: MemoryExporter) -> None:
    with disabled(), pytest.raises(OSError):
        form.perform(HOURS.replace(attempts=None, timeout=1e6), Failing(OSError))

    assert seen.last.attempts == 1


def test_a_disabled_policy_serves_its_fallback(function_form: Form, seen: MemoryExporter) -> None:
    policy = Policy(on=OSError, fallback=lambda error: "cached", operation="shop.fetch")

    with disabled():
        assert function_form.perform(policy, Failing(OSError)) == "cached"

    seen.assert_calls("shop.fetch", "attempts_exhausted", attempts=1, fallback=True)


def test_a_rejected_result_is_rejected_when_disabled(form: Form, seen: MemoryExporter) -> None:
    with disabled(), pytest.raises(RejectedResult):
        form.perform(Policy(on_result=lambda result: result is None), Failing(None))

    assert [attempt.outcome for attempt in seen.attempts] == [AttemptOutcome.REJECTED]


def test_generators_follow_too(seen: MemoryExporter) -> None:
    policy = HOURS.replace(generator="restart")
    pages = Failing(OSError, OSError, "page")

    @policy
    def fetch() -> Iterator[Any]:
        yield pages()

    with instant():
        assert list(fetch()) == ["page"]
    pages.runs = 0
    with disabled(), pytest.raises(OSError):
        list(fetch())

    assert [call.attempts for call in seen.calls] == [3, 1]


def test_a_block_knows_that_no_attempt_remains() -> None:
    with disabled():
        remaining = [attempt.remaining for attempt in AT_ONCE if not attempt.__enter__().__exit__(None, None, None)]

    assert remaining == [0]


def test_they_add_up(seen: MemoryExporter) -> None:
    with ManualClock() as clock:
        with disabled(), instant():
            assert runs(HOURS) == 1
        with instant():
            assert runs(HOURS) == 3
        assert clock.waits == []
        assert runs(HOURS) == 3

    assert clock.waits == [3600, 7200]


def test_other_threads_know_nothing_of_it() -> None:
    found: list[int] = []

    with disabled():
        thread = threading.Thread(target=lambda: found.append(runs()))
        thread.start()
        thread.join()
        handed = threading.Thread(target=contextvars.copy_context().run, args=(lambda: found.append(runs()),))
        handed.start()
        handed.join()

    assert found == [3, 1]


def test_a_call_that_runs_in_another_thread_goes_on_as_it_began() -> None:
    inside, go_on = threading.Event(), threading.Event()
    numbers: list[int] = []

    @AT_ONCE
    def fetch() -> None:
        numbers.append(len(numbers))
        inside.set()
        go_on.wait(30)
        raise OSError

    def caller() -> None:
        with pytest.raises(OSError):
            fetch()

    thread = threading.Thread(target=caller)
    thread.start()
    inside.wait(30)
    with disabled():
        go_on.set()
        thread.join()

    assert len(numbers) == 3


async def test_other_tasks_know_nothing_of_it_and_those_inside_are_free_of_it_afterwards() -> None:
    over = asyncio.Event()

    async def outlives() -> tuple[int, int]:
        inside = runs()
        await over.wait()
        return inside, runs()

    async def beside() -> int:
        return runs()

    async def main() -> tuple[int, int]:
        with disabled():
            child = asyncio.create_task(outlives())
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            assert await other == 3
        over.set()
        return await child

    other = asyncio.create_task(beside())
    assert await main() == (1, 3)


def test_it_can_end_in_another_context_than_it_began_in() -> None:
    began = contextvars.copy_context()
    held = disabled()

    began.run(held.__enter__)
    inside = began.run(runs)
    held.__exit__(None, None, None)

    assert (inside, began.run(runs), runs()) == (1, 3, 3)


def test_scopes_that_end_out_of_order_leave_nothing_behind() -> None:
    outer, inner = disabled(), instant()

    outer.__enter__()
    inner.__enter__()
    outer.__exit__(None, None, None)
    assert runs(HOURS) == 1  # what began inside holds until it ends
    inner.__exit__(None, None, None)

    assert runs() == 3
    assert audience.attended == 0


def test_it_decorates_functions() -> None:
    @disabled()
    def tested(first: int, *, second: int) -> tuple[int, int, int]:
        """Docs."""
        return first, second, runs()

    assert (tested(1, second=2), tested.__doc__, runs()) == ((1, 2, 1), "Docs.", 3)


def test_a_clock_is_put_around_a_function_again_as_the_plugin_does(clock: ManualClock) -> None:
    @within(clock)
    def tested() -> int:
        return runs(HOURS.replace(timeout=3601))

    with clock:
        assert tested() == 2
    assert clock.waits == [3600]


async def test_it_decorates_coroutine_functions_for_as_long_as_they_run() -> None:
    @disabled()
    async def tested() -> int:
        await asyncio.sleep(0)
        return runs()

    waiting = tested()
    assert runs() == 3
    assert list(await asyncio.gather(waiting, tested())) == [1, 1]
    assert asyncio.iscoroutinefunction(tested)


def test_a_decorated_function_may_call_itself() -> None:
    @disabled()
    def tested(depth: int) -> list[int]:
        return [runs(), *(tested(depth - 1) if depth else [])]

    assert tested(2) == [1, 1, 1]


async def test_it_decorates_methods_of_every_kind() -> None:
    class Suite:
        def look(self, policy: Policy[Any]) -> int:
            return runs(policy)

        of_the_instance = disabled()(look)
        partial = disabled()(partialmethod(look, AT_ONCE))

        @disabled()
        @classmethod
        def of_the_class(cls) -> tuple[type, int]:
            return cls, runs()

        @disabled()
        @staticmethod
        def of_nobody() -> int:
            return runs()

        @disabled()
        @classmethod
        async def awaited(cls) -> tuple[type, int]:
            await asyncio.sleep(0)
            return cls, runs()

    suite = Suite()

    assert (suite.of_the_instance(AT_ONCE), suite.partial(), suite.of_nobody(), Suite.of_nobody()) == (1, 1, 1, 1)
    assert suite.of_the_class() == Suite.of_the_class() == await suite.awaited() == (Suite, 1)
    assert runs() == 3


class Tests:
    """What a class of tests would be."""

    def __call__(self) -> Iterator[int]:
        yield 1


def generator() -> Any:
    yield


async def async_generator() -> Any:
    yield


@pytest.mark.parametrize(
    "function",
    [Tests, Tests(), generator, async_generator, staticmethod(generator), partial(async_generator)],
    ids=["class", "callable", "generator", "async", "static", "partial"],
)
def test_it_refuses_to_decorate_what_does_not_run_when_it_is_called(function: Callable[..., Any]) -> None:
    with pytest.raises(TypeError, match=r"@instant\(\) takes a function: write `with instant\(\):` inside of"):
        instant()(function)


def test_it_refuses_what_is_no_function() -> None:
    with pytest.raises(TypeError, match=r"@disabled\(\) takes a function, not 'fetch'"):
        disabled()("fetch")


@pytest.mark.parametrize(("make", "name"), [(instant, "instant"), (disabled, "disabled"), (ManualClock, "this clock")])
def test_one_holds_once_at_a_time(make: Callable[[], Any], name: str) -> None:
    held = make()

    for _ in range(2):
        with held:
            with pytest.raises(UsageError, match=name):
                held.__enter__()
    held.__exit__(None, None, None)  # harmless

    assert audience.attended == 0


def test_calls_are_as_cheap_as_before_afterwards() -> None:
    fetch = AT_ONCE(partial(str, 1))
    before = fetch.__code__  # type: ignore[attr-defined]

    with instant():
        assert fetch.__code__ != before  # type: ignore[attr-defined]

    assert fetch.__code__ == before  # type: ignore[attr-defined]
