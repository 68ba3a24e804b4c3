"""Forms: statements 30 to 32 and 40, which functions and which libraries."""

import asyncio
import functools
import inspect
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, cast

import anyio
import anyio.lowlevel
import pytest
from trio.testing import MockClock

from retold import Policy
from retold.testing import ManualClock, MemoryExporter
from tests.forms import Failing, Form, drive
from tests.looping import JumpingLoop, Library

POLICY: Any = Policy(on=OSError, clock=ManualClock(), generator="restart")  # given what type checkers would refuse


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


@pytest.mark.skipif(sys.platform == "win32", reason="there is no uvloop on Windows")
def test_40_and_those_of_uvloop(async_form: Form) -> None:
    import uvloop

    work, turns = Failing(OSError, "page"), 0

    async def fetch() -> Any:
        return work()

    async def main() -> Any:
        nonlocal turns
        waiting = asyncio.ensure_future(async_form.awaiting(Policy(on=OSError, backoff=0.01), fetch))
        while not waiting.done():
            turns += 1
            await asyncio.sleep(0)
        return await waiting

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        assert runner.run(main()) == "page"
    assert turns > 2


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
