"""Forms: statements 30 to 36 and 40, what can be retried and how."""

import functools
import inspect
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, cast

import anyio
import anyio.lowlevel
import pytest
from trio.testing import MockClock

from retold import BlockingWarning, Outcome, Policy, UsageError
from retold.testing import ManualClock, MemoryExporter
from tests.forms import BLOCK, Failing, Form, drive
from tests.iterations import END, Iteration, Runs
from tests.looping import JumpingLoop, Library
from tests.pitfalls.tasks import together
from tests.runners.stepping import Attempts, Begin

POLICY: Any = Policy(on=OSError, clock=ManualClock(), generator="restart")  # given what type checkers would refuse


@pytest.fixture(params=[iter, aiter], ids=["for", "async-for"])
def begin(request: pytest.FixtureRequest) -> Begin:
    """Both kinds of loop."""
    return lambda policy: Attempts(request.param(policy))


def plain(first: int, /, second: str = "two", *rest: float, key: bool = False, **more: object) -> str:
    """Plain."""
    return second


async def awaited(first: int, /, second: str = "two", *rest: float, key: bool = False, **more: object) -> str:
    """Awaited."""
    return second


def generated(first: int, /, second: str = "two", *, key: bool = False) -> Iterator[str]:
    """Generated."""
    yield second


async def agenerated(first: int, /, second: str = "two", *, key: bool = False) -> AsyncIterator[str]:
    """Generated asynchronously."""
    yield second


@pytest.mark.parametrize("function", [plain, awaited, generated, agenerated])
def test_30_a_decorated_function_is_of_its_kind_and_looks_like_itself(function: Any) -> None:
    decorated = POLICY(function)

    for asked in (inspect.iscoroutinefunction, inspect.isgeneratorfunction, inspect.isasyncgenfunction):
        assert asked(decorated) == asked(function)
    assert decorated.__wrapped__ is function
    assert inspect.signature(decorated) == inspect.signature(function)
    for name in ("__name__", "__qualname__", "__module__", "__doc__", "__annotations__"):
        assert getattr(decorated, name) == getattr(function, name)


@pytest.mark.parametrize("function", [plain, awaited])
def test_30_its_defaults_are_used(function: Any) -> None:
    value = POLICY(function)(1)

    assert (drive(value) if inspect.iscoroutine(value) else value) == "two"


class Shop:
    """Async work in every way that an object may offer it, which fails at first."""

    def __init__(self) -> None:
        self.work = Failing(OSError, "page")

    async def __call__(self, times: int) -> list[Any]:
        return [self.work()] * times

    async def fetch(self, times: int) -> list[Any]:
        return [self.work()] * times

    fetch_two = POLICY(functools.partialmethod(fetch, 2))


@pytest.mark.parametrize(
    "make",
    [
        lambda shop: POLICY(shop),
        lambda shop: POLICY(shop.fetch),
        lambda shop: POLICY(functools.partial(shop.fetch)),
        lambda shop: POLICY(functools.partial(shop)),
        lambda shop: functools.partial(POLICY.acall, shop.fetch),
        lambda shop: functools.partial(POLICY.acall, shop),
        lambda shop: lambda times: shop.fetch_two(),
    ],
    ids=["object", "method", "partial-method", "partial-object", "acall-method", "acall-object", "partialmethod"],
)
def test_31_whatever_is_async_is_retried(make: Callable[[Shop], Any], seen: MemoryExporter) -> None:
    shop = Shop()

    assert drive(make(shop)(2)) == ["page", "page"]

    assert shop.work.runs == 2
    assert seen.last.attempts == 2


@pytest.mark.parametrize("kind", [classmethod, staticmethod])
def test_32_methods_of_a_class_are_decorated_inside(kind: Any, clock: ManualClock) -> None:
    work = Failing(OSError, "page")

    def fetch(*above: object) -> Any:
        return above, work()

    made = Policy(on=OSError, clock=clock)(kind(fetch))
    owner: Any = type("Owner", (), {"fetch": made})

    assert type(made) is kind
    assert owner.fetch() == (((owner,) if kind is classmethod else ()), "page")
    assert work.runs == 2


@pytest.mark.parametrize(
    ("options", "function", "message"),
    [
        ({}, generated, "is a generator"),
        ({}, agenerated, "is a generator"),
        ({}, classmethod(cast("Any", generated)), "is a generator"),
        ({}, Shop, "is a class"),
        ({}, None, "decorates functions, not None"),
        ({"attempt_timeout": 5}, plain, "is not async"),
        ({"attempt_timeout": 5}, staticmethod(plain), "is not async"),
        ({"fallback": awaited}, plain, "the fallback is async"),
        ({"generator": "open", "fallback": None}, generated, "leave out fallback"),
    ],
)
def test_32_what_cannot_be_retried_is_refused_when_it_is_decorated(
    options: dict[str, Any], function: Any, message: str
) -> None:
    with pytest.raises(TypeError, match=message):
        Policy(on=OSError, **options)(function)


def ends(policy: Policy[Any], seen: MemoryExporter) -> Iterator[str]:
    """Leave a block in every way; after each, everything has been told."""

    def leave_by_return() -> None:
        for attempt in policy:
            with attempt:
                return

    leave_by_return()
    yield "return"
    for attempt in policy:
        with attempt:
            break
    yield "break"
    for attempt in policy:
        with attempt:
            continue
        raise AssertionError
    yield "continue"
    for attempt in policy:
        with attempt:
            pass
        yield "end"


async def aends(policy: Policy[Any], seen: MemoryExporter) -> AsyncIterator[str]:
    """The same with `async for`."""

    async def leave_by_return() -> None:
        async for attempt in policy:
            with attempt:
                return

    await leave_by_return()
    yield "return"
    async for attempt in policy:
        with attempt:
            break
    yield "break"
    async for attempt in policy:
        with attempt:
            continue
        raise AssertionError
    yield "continue"
    async for attempt in policy:
        async with attempt:
            pass
        yield "end"


@pytest.mark.parametrize("leave", [ends, aends], ids=["for", "async-for"])
def test_33_however_a_with_is_left_it_is_one_success_at_its_exit(
    leave: Any, clock: ManualClock, seen: MemoryExporter
) -> None:
    left = Iteration(leave(Policy(on=OSError, operation="block", clock=clock), seen))

    for number, how in enumerate(["return", "break", "continue", "end"], start=1):
        assert left.send() == how
        assert [call.outcome for call in seen.calls] == [Outcome.SUCCESS] * number
        assert len(seen.attempts) == number
    assert left.send() is END
    assert len(seen.calls) == 4


def test_34_a_loop_that_does_not_enter_its_attempt_is_told_so(begin: Begin) -> None:
    attempts = begin(Policy(on=OSError))
    attempts.offered()

    with pytest.raises(UsageError, match="without running its attempt: write `with attempt:` inside the `for`"):
        attempts.next()


def test_35_one_policy_is_iterated_again_and_again(begin: Begin, clock: ManualClock, seen: MemoryExporter) -> None:
    policy = Policy(on=OSError, operation="block", clock=clock)
    first, second = begin(policy), begin(policy)
    numbers = []

    for attempts in (first, second, first, second, first, second):
        with attempts.offered() as attempt:
            numbers.append(attempt.number)
            if attempt.number < 3:
                raise OSError

    assert numbers == [1, 1, 2, 2, 3, 3]
    assert [call.attempts for call in seen.calls] == [3, 3]


def test_35_by_several_tasks_at_the_same_time(library: Library, seen: MemoryExporter) -> None:
    policy = Policy(on=OSError, attempts=4, backoff=[1, 2, 3], operation="block")
    numbers: list[list[int]] = [[] for _ in range(5)]

    async def loop(mine: list[int]) -> None:
        async for attempt in policy:
            with attempt:
                mine.append(attempt.number)
                await library.sleep(len(numbers))
                if attempt.number < 4:
                    raise OSError

    library.run(lambda: together(library, *(functools.partial(loop, mine) for mine in numbers)))

    assert numbers == [[1, 2, 3, 4]] * 5
    assert [call.attempts for call in seen.calls] == [4] * 5


async def test_35_a_for_that_waits_in_an_event_loop_warns(clock: ManualClock) -> None:
    with pytest.warns(BlockingWarning, match="blocks it: .*use `async for`"):
        BLOCK.perform(Policy(on=OSError, operation="block", backoff=0.001), Failing(OSError, "page"))


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_36_restart_begins_anew_and_repeats_items(kind: str, clock: ManualClock) -> None:
    runs = Runs([1, 2, OSError()], [1, OSError()], [1, 2, 3])

    assert Iteration(Policy(on=OSError, clock=clock, generator="restart")(runs.function(kind))()).items() == [
        *(1, 2),
        1,
        *(1, 2, 3),
    ]


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_36_open_retries_up_to_the_first_item(kind: str, clock: ManualClock) -> None:
    error = OSError()
    runs = Runs([OSError()], [1, error], [1])
    iteration = Iteration(Policy(on=OSError, clock=clock, generator="open")(runs.function(kind))())

    assert iteration.send() == 1
    with pytest.raises(OSError) as raised:
        iteration.send()

    assert raised.value is error
    assert runs.started == 2


@pytest.mark.parametrize("kind", ["sync", "async"])
@pytest.mark.parametrize("mode", ["restart", "open"])
def test_36_close_reaches_the_generator(mode: Any, kind: str, clock: ManualClock) -> None:
    runs = Runs([1, 2])
    iteration = Iteration(Policy(on=OSError, clock=clock, generator=mode)(runs.function(kind))())

    iteration.send()
    iteration.close()

    assert runs.closed == 1


def assert_native(waits: Callable[[], Any], run: Callable[[Any], Any], now: Callable[[], float]) -> None:
    """An hour passes on the loop's clock, in the loop's own thread, while others have their turns."""
    threads = threading.active_count()

    async def main() -> float:
        began = now()
        await waits()
        assert threading.active_count() == threads
        return now() - began

    assert run(main) == pytest.approx(3600)


def test_40_waits_are_those_of_asyncio_and_trio(async_form: Form, library: Library) -> None:
    work = Failing(OSError, "page")

    async def fetch() -> Any:
        return work()

    assert_native(lambda: async_form.awaiting(Policy(on=OSError, backoff=3600), fetch), library.run, library.now)


BACKENDS: dict[str, Callable[[], dict[str, Any]]] = {
    "asyncio": lambda: {"loop_factory": JumpingLoop},
    "trio": lambda: {"clock": MockClock(autojump_threshold=0)},
}


@pytest.mark.parametrize("backend", BACKENDS)
def test_40_and_those_that_anyio_runs_in(backend: str, async_form: Form) -> None:
    work = Failing(OSError, "page")

    async def fetch() -> Any:
        await anyio.lowlevel.checkpoint()
        return work()

    def run(main: Any) -> Any:
        return anyio.run(main, backend=backend, backend_options=BACKENDS[backend]())

    assert_native(lambda: async_form.awaiting(Policy(on=OSError, backoff=3600), fetch), run, anyio.current_time)
